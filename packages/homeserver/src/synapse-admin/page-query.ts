import { Type } from 'typebox';

/** Where a page begins, and how long it is. */
export const pageParameters = {
  from: Type.Integer({ minimum: 0, default: 0 }),
  limit: Type.Integer({ minimum: 0, default: 100 }),
};

export const Direction = Type.Union([Type.Literal('f'), Type.Literal('b')]);

/** One of these texts. */
export function oneOfTexts<const Name extends string>(names: readonly Name[]) {
  return Type.Union(names.map((name) => Type.Literal(name)));
}

/** Synapse's `next_token`, only where there is more. */
export function nextToken(
  { from, limit }: { readonly from: number; readonly limit: number },
  shown: number,
  total: number,
): { next_token?: number } {
  return from + limit < total ? { next_token: from + shown } : {};
}
