import type { JsonObject } from '@soma/protocol';

import { badJson } from '../errors/matrix-error.ts';

/**
 * The event that a redaction is about which is sent as other events are: since v1.18 of the specification it has
 * `redacts` in its content in every room version. Undefined for other types; throws `400 M_BAD_JSON`.
 */
export function redactsOf(type: string, content: JsonObject): string | undefined {
  if (type !== 'm.room.redaction') return undefined;
  const { redacts } = content;
  if (typeof redacts !== 'string') throw badJson('redacts must be the ID of an event');
  return redacts;
}
