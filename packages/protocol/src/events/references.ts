import type { RoomVersion } from '../room-versions/types.ts';
import { stripPadding } from './base64.ts';
import { referenceText } from './hash.ts';
import type { EventReference, HashFunction, Pdu } from './types.ts';

/**
 * How another event names this one in its `prev_events` and `auth_events`: by its ID, in room versions 1 and 2 by a pair
 * of ID and reference hash (spec: Server-Server API, "Calculating the reference hash").
 *
 * @param eventId the event's ID, from `eventIdOf` or from a database
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { hash } from 'node:crypto';
 * import { referenceTo, referencedId, roomVersion } from '@soma/protocol';
 * import type { Pdu } from '@soma/protocol';
 *
 * const [v1, v11] = [roomVersion('1'), roomVersion('11')];
 * assert.ok(v1 && v11);
 * const pdu: Pdu = {
 *   auth_events: [],
 *   content: {},
 *   depth: 1,
 *   hashes: { sha256: '' },
 *   origin_server_ts: 0,
 *   prev_events: [],
 *   sender: '@alice:example.org',
 *   signatures: {},
 *   type: 'm.room.message',
 * };
 * const crypto = { sha256: (text: string) => hash('sha256', text, 'base64') };
 * assert.equal(referenceTo(pdu, '$id', v11, crypto), '$id');
 * const pair = referenceTo(pdu, '$id:example.org', v1, crypto);
 * assert.equal(referencedId(pair), '$id:example.org');
 * assert.ok(Array.isArray(pair));
 * ```
 */
export function referenceTo(
  pdu: Pdu,
  eventId: string,
  version: RoomVersion,
  crypto: HashFunction,
): EventReference {
  if (version.eventReferences === 'ids') return eventId;
  return referenceByText(referenceText(pdu, version), eventId, version, crypto);
}

/** `referenceTo` for a caller who has the reference text already. */
export function referenceByText(
  text: string,
  eventId: string,
  { eventReferences }: RoomVersion,
  { sha256 }: HashFunction,
): EventReference {
  return eventReferences === 'ids' ? eventId : [eventId, { sha256: stripPadding(sha256(text)) }];
}

/**
 * The event that a reference of either form names.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { referencedId } from '@soma/protocol';
 *
 * assert.equal(referencedId('$a'), '$a');
 * assert.equal(referencedId(['$a:example.org', { sha256: 'x' }]), '$a:example.org');
 * ```
 */
export function referencedId(reference: EventReference): string {
  return typeof reference === 'string' ? reference : reference[0];
}

/**
 * The IDs of an event's `prev_events`, whatever the form of its references.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { prevEventIds } from '@soma/protocol';
 *
 * assert.deepEqual(prevEventIds({ prev_events: ['$a', ['$b:example.org', { sha256: 'x' }]] }), [
 *   '$a',
 *   '$b:example.org',
 * ]);
 * ```
 */
export function prevEventIds({ prev_events: prevEvents }: Pick<Pdu, 'prev_events'>): string[] {
  return prevEvents.map(referencedId);
}

/**
 * The IDs of an event's `auth_events`, whatever the form of its references.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { authEventIds } from '@soma/protocol';
 *
 * assert.deepEqual(authEventIds({ auth_events: ['$a'] }), ['$a']);
 * ```
 */
export function authEventIds({ auth_events: authEvents }: Pick<Pdu, 'auth_events'>): string[] {
  return authEvents.map(referencedId);
}
