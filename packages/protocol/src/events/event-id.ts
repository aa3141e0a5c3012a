import type { EventId, RoomId } from '../identifiers.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import { stripPadding, toUrlSafeBase64 } from './base64.ts';
import { referenceText } from './hash.ts';
import type { HashFunction, Pdu } from './types.ts';

/**
 * The ID of an event that `parsePdu` accepted: `$` and its reference hash, in room versions 1 and 2 its field `event_id`
 * (spec: Room Versions, "Event IDs").
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { hash } from 'node:crypto';
 * import { eventIdOf, parsePdu, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('11');
 * assert.ok(version);
 * const parsed = parsePdu(
 *   {
 *     auth_events: [],
 *     content: { body: 'hello' },
 *     depth: 1,
 *     hashes: { sha256: 'x' },
 *     origin_server_ts: 0,
 *     prev_events: [],
 *     room_id: '!room:example.org',
 *     sender: '@alice:example.org',
 *     signatures: {},
 *     type: 'm.room.message',
 *   },
 *   version,
 * );
 * assert.ok(parsed.ok);
 * const crypto = { sha256: (text: string) => hash('sha256', text, 'base64') };
 * assert.match(eventIdOf(parsed.exact, version, crypto), /^\$[\w-]{43}$/);
 * ```
 */
export function eventIdOf(pdu: Pdu, version: RoomVersion, crypto: HashFunction): EventId {
  if (version.eventId === 'field') return pdu.event_id as EventId;
  return eventIdFromReferenceText(referenceText(pdu, version), version, crypto);
}

/**
 * `eventIdOf` for a caller who has the reference text already; room version 3 or later.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { hash } from 'node:crypto';
 * import { eventIdFromReferenceText, referenceText, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('11');
 * assert.ok(version);
 * const crypto = { sha256: (text: string) => hash('sha256', text, 'base64') };
 * const text = referenceText({ type: 'm.room.message', content: { body: 'hello' } }, version);
 * assert.match(eventIdFromReferenceText(text, version, crypto), /^\$[\w-]{43}$/);
 * ```
 */
export function eventIdFromReferenceText(
  text: string,
  version: RoomVersion,
  { sha256 }: HashFunction,
): EventId {
  const hash = sha256(text);
  const digits = version.eventId === 'base64-hash' ? stripPadding(hash) : toUrlSafeBase64(hash);
  return `$${digits}` as EventId;
}

/**
 * The ID of the room that a create event of version 12 or later makes: its event ID with the sigil `!`.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { roomIdOfCreate } from '@soma/protocol';
 *
 * const hash = '37iwD-DyT01UTC3QaO2Ot9nDS1G-rmVcGz0DYMPzG6c';
 * assert.equal(roomIdOfCreate(`$${hash}`), `!${hash}`);
 * ```
 */
export function roomIdOfCreate(createEventId: string): RoomId {
  return `!${createEventId.slice(1)}` as RoomId;
}

/** The room of an event: the one it names, or the one that it makes. */
export function roomIdOf(roomId: string | undefined, eventId: EventId): RoomId {
  return roomId === undefined ? roomIdOfCreate(eventId) : (roomId as RoomId);
}

/**
 * The ID of the create event of a room of version 12 or later.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { createEventIdOf } from '@soma/protocol';
 *
 * const hash = '37iwD-DyT01UTC3QaO2Ot9nDS1G-rmVcGz0DYMPzG6c';
 * assert.equal(createEventIdOf(`!${hash}`), `$${hash}`);
 * ```
 */
export function createEventIdOf(roomId: string): EventId {
  return `$${roomId.slice(1)}` as EventId;
}
