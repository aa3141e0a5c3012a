import { Type } from 'typebox';
import type { TSchema } from 'typebox';

import { badJson, missingParam } from '../errors/matrix-error.ts';

/** What clients leave out or, some of them, send as null. */
export const optional = <T extends TSchema>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null()]));

export const OptionalText = optional(Type.String());

/** Interactive authentication reads the rest of it. */
export const OptionalAuth = Type.Optional(Type.Object({}));

type Body = Readonly<Record<string, unknown>>;

/**
 * A text of a body that interactive authentication gives back, where the schema of the request does not hold
 * what is required: clients leave it out once the session has it.
 */
export function textIn(body: Body, name: string): string | undefined {
  const value = body[name];
  return typeof value === 'string' ? value : undefined;
}

export function requiredTextIn(body: Body, name: string): string {
  const value = body[name];
  if (value === undefined) throw missingParam(`Missing required field: ${name}`);
  if (typeof value !== 'string') throw badJson(`Field ${name} must be string`);
  return value;
}
