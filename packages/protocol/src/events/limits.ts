import { problem } from '../errors.ts';
import type { Problem } from '../errors.ts';
import { IDENTIFIER_BYTES_MAX, exceedsBytes } from '../identifiers.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import { referencedId } from './references.ts';
import type { EventReference } from './types.ts';

/**
 * The largest event: canonical JSON of the PDU with its signatures, in UTF-8 bytes (spec: CS API, "Size limits").
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { checkEventSize, EVENT_BYTES_MAX } from '@soma/protocol';
 *
 * assert.equal(checkEventSize('x'.repeat(EVENT_BYTES_MAX)), undefined);
 * ```
 */
export const EVENT_BYTES_MAX = 65_536;
/**
 * The longest `type` and `state_key`, in UTF-8 bytes.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { exceedsBytes, KEY_BYTES_MAX } from '@soma/protocol';
 *
 * assert.equal(exceedsBytes('m.room.message', KEY_BYTES_MAX), false);
 * ```
 */
export const KEY_BYTES_MAX = 255;
/**
 * The most `prev_events` of a PDU.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { PREV_EVENTS_MAX } from '@soma/protocol';
 *
 * assert.equal(PREV_EVENTS_MAX, 20);
 * ```
 */
export const PREV_EVENTS_MAX = 20;
/**
 * The most `auth_events` of a PDU.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { AUTH_EVENTS_MAX } from '@soma/protocol';
 *
 * assert.equal(AUTH_EVENTS_MAX, 10);
 * ```
 */
export const AUTH_EVENTS_MAX = 10;

/**
 * The depth of an event that is made here: the limit of the room version where it would be above that. In room versions 1 to 5
 * no JavaScript number is 2^63−1, so it is the greatest one below.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { cappedDepth, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('11');
 * assert.ok(version);
 * assert.equal(cappedDepth(2 ** 53, version), 2 ** 53 - 1);
 * ```
 */
export function cappedDepth(depth: number, { depthMax }: RoomVersion): number {
  return Math.min(depth, depthMax, 2 ** 63 - 1024);
}

/** The fields of an event that have a limit of their own. */
export interface LimitedFields {
  readonly type: string;
  readonly state_key?: string;
  readonly sender: string;
  readonly room_id?: string;
  readonly depth: number;
  readonly prev_events: readonly EventReference[];
  readonly auth_events: readonly EventReference[];
}

/**
 * Whether the numbers of `prev_events` and `auth_events` are limited. They are not for events that a server gives of a room's
 * past: SS API, `GET /backfill`, "MUST NOT be validated on these specific restrictions".
 */
export type ReferenceLimits = 'limited' | 'unlimited';

/**
 * Checks each field's own limit; `M_TOO_LARGE` for lengths, `M_BAD_JSON` for the rest.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { checkFieldLimits, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('11');
 * assert.ok(version);
 * const event = {
 *   type: 'm.room.message',
 *   sender: '@alice:example.org',
 *   depth: 1,
 *   prev_events: ['$a'],
 *   auth_events: [],
 * };
 * assert.equal(checkFieldLimits(event, version), undefined);
 * assert.equal(checkFieldLimits({ ...event, type: 'x'.repeat(256) }, version)?.errcode, 'M_TOO_LARGE');
 * ```
 */
export function checkFieldLimits(
  event: LimitedFields,
  version: RoomVersion,
  references: ReferenceLimits = 'limited',
): Problem | undefined {
  const isLimited = references === 'limited';
  return (
    checkBytes('type', event.type, KEY_BYTES_MAX) ??
    checkBytes('state_key', event.state_key ?? '', KEY_BYTES_MAX) ??
    checkBytes('sender', event.sender, IDENTIFIER_BYTES_MAX) ??
    checkBytes('room_id', event.room_id ?? '', IDENTIFIER_BYTES_MAX) ??
    checkDepth(event.depth, version) ??
    checkReferences('prev_events', event.prev_events, isLimited ? PREV_EVENTS_MAX : Infinity) ??
    checkReferences('auth_events', event.auth_events, isLimited ? AUTH_EVENTS_MAX : Infinity)
  );
}

/**
 * Checks the size of a whole event, given as its canonical JSON; `M_TOO_LARGE`.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { checkEventSize } from '@soma/protocol';
 *
 * assert.equal(checkEventSize('{}'), undefined);
 * assert.equal(checkEventSize('x'.repeat(65_537))?.errcode, 'M_TOO_LARGE');
 * ```
 */
export function checkEventSize(json: string): Problem | undefined {
  if (!exceedsBytes(json, EVENT_BYTES_MAX)) return undefined;
  return problem('M_TOO_LARGE', `the event is larger than ${EVENT_BYTES_MAX} bytes`);
}

function checkBytes(name: string, value: string, bytesMax: number): Problem | undefined {
  if (!exceedsBytes(value, bytesMax)) return undefined;
  return problem('M_TOO_LARGE', `${name} is longer than ${bytesMax} bytes`);
}

function checkDepth(depth: number, { depthMax }: RoomVersion): Problem | undefined {
  if (Number.isInteger(depth) && depth >= 0 && depth <= depthMax) return undefined;
  return problem('M_BAD_JSON', `depth must be an integer between 0 and ${depthMax}`);
}

function checkReferences(
  name: string,
  references: readonly EventReference[],
  countMax: number,
): Problem | undefined {
  if (references.length > countMax) {
    return problem('M_BAD_JSON', `${name} has more than ${countMax} entries`);
  }
  for (const reference of references) {
    const fault = checkBytes(name, referencedId(reference), IDENTIFIER_BYTES_MAX);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
