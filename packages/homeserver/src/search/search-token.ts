import { invalidParam } from '../errors/matrix-error.ts';

/** CS API, `group_by`. */
export type Grouping = 'room_id' | 'sender';

/** Where in the results to go on. */
export interface SearchPlace {
  /** Only events below this one are looked at. */
  readonly below: number;
  /** How many of the candidates have been looked at. */
  readonly offset: number;
  /** Only the results of one group. */
  readonly group: { readonly key: Grouping; readonly nid: number } | undefined;
}

const START: SearchPlace = { below: Number.MAX_SAFE_INTEGER, offset: 0, group: undefined };
const TOKEN = /^w(\d{1,15})_(\d{1,4})(?:_([rs])(\d{1,15}))?$/;

export function formatSearchToken({ below, offset, group }: SearchPlace): string {
  const suffix = group === undefined ? '' : `_${group.key === 'room_id' ? 'r' : 's'}${group.nid}`;
  return `w${below}_${offset}${suffix}`;
}

/** Throws `400 M_INVALID_PARAM`. */
export function parseSearchToken(token: string | undefined): SearchPlace {
  if (token === undefined) return START;
  const [, below, offset, key, nid] = TOKEN.exec(token) ?? [];
  if (below === undefined) throw invalidParam('next_batch is not a token of this server');
  const group =
    key === undefined
      ? undefined
      : { key: key === 'r' ? ('room_id' as const) : ('sender' as const), nid: Number(nid) };
  return { below: Number(below), offset: Number(offset), group };
}
