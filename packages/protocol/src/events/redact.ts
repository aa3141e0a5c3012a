import { isJsonObject } from '../canonical-json.ts';
import type { JsonObject, JsonValue } from '../canonical-json.ts';
import type { KeptContent, RoomVersion } from '../room-versions/types.ts';
import type { Pdu } from './types.ts';

/**
 * Redacts a PDU: a copy with only what the room version protects (spec: Room Versions, "Redactions"). The copy
 * keeps `hashes` and `signatures`, has no `unsigned`, and has the same reference hash as the original.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { redactPdu, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('11');
 * assert.ok(version);
 * const redacted = redactPdu(
 *   {
 *     auth_events: [],
 *     content: { body: 'regretted' },
 *     depth: 1,
 *     hashes: { sha256: 'x' },
 *     origin_server_ts: 0,
 *     prev_events: [],
 *     sender: '@alice:example.org',
 *     signatures: {},
 *     type: 'm.room.message',
 *     unsigned: { age: 1 },
 *   },
 *   version,
 * );
 * assert.deepEqual(redacted.content, {});
 * assert.equal('unsigned' in redacted, false);
 * ```
 */
export function redactPdu(pdu: Pdu, version: RoomVersion): Pdu {
  const redacted = { ...pdu, content: redactContent(pdu.type, pdu.content, version) };
  for (const key of Object.keys(redacted)) {
    if (!version.redaction.topLevel.includes(key)) Reflect.deleteProperty(redacted, key);
  }
  return redacted;
}

/**
 * Redacts an event in client format. What the client may still see of `unsigned` is the caller's to add;
 * `because`, the redaction event in client format, becomes `unsigned.redacted_because`
 * (spec: Client-Server API, "Redactions").
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { redactClientEvent, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('11');
 * assert.ok(version);
 * const event = { type: 'm.room.message', event_id: '$a', content: { body: 'regretted' } };
 * assert.deepEqual(redactClientEvent(event, version, { event_id: '$b' }), {
 *   content: {},
 *   event_id: '$a',
 *   type: 'm.room.message',
 *   unsigned: { redacted_because: { event_id: '$b' } },
 * });
 * ```
 */
export function redactClientEvent(
  event: JsonObject,
  version: RoomVersion,
  because?: JsonObject,
): JsonObject {
  const redacted = keepTopLevel(event, version, []);
  if (because !== undefined) redacted['unsigned'] = { redacted_because: because };
  return redacted;
}

/**
 * The ID of the event that an `m.room.redaction` redacts, wherever the room version puts it.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { redactedEventOf, roomVersion } from '@soma/protocol';
 *
 * const [v10, v11] = [roomVersion('10'), roomVersion('11')];
 * assert.ok(v10 && v11);
 * assert.equal(redactedEventOf({ redacts: '$a', content: {} }, v10), '$a');
 * assert.equal(redactedEventOf({ content: { redacts: '$a' } }, v11), '$a');
 * ```
 */
export function redactedEventOf(
  event: { readonly content: JsonObject; readonly redacts?: JsonValue },
  version: RoomVersion,
): string | undefined {
  const redacts =
    version.redactsIn === 'event' ? event.redacts : ownValue(event.content, 'redacts');
  return typeof redacts === 'string' ? redacts : undefined;
}

/**
 * Redacts the content of an event of the given type. The values that are kept are shared with the original.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { redactContent, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('11');
 * assert.ok(version);
 * assert.deepEqual(redactContent('m.room.member', { membership: 'join', displayname: 'A' }, version), {
 *   membership: 'join',
 * });
 * ```
 */
export function redactContent(type: string, content: JsonObject, version: RoomVersion): JsonObject {
  const kept = version.redaction.content.get(type);
  if (kept === undefined) return {};
  return kept === 'everything' ? content : pick(content, kept);
}

/** The redacted event as an object without the given top-level keys, in code point order where possible. */
export function keepTopLevel(
  event: JsonObject,
  version: RoomVersion,
  without: readonly string[],
): JsonObject {
  const redacted: JsonObject = {};
  for (const key of version.redaction.topLevel) {
    const value = ownValue(event, key);
    if (value !== undefined && !without.includes(key)) redacted[key] = value;
  }
  const { type, content } = event;
  if (isJsonObject(content) && typeof type === 'string') {
    redacted['content'] = redactContent(type, content, version);
  }
  return redacted;
}

function pick(content: JsonObject, kept: Exclude<KeptContent, 'everything'>): JsonObject {
  const picked: JsonObject = {};
  for (const key of kept.keys) {
    const value = ownValue(content, key);
    if (value !== undefined) picked[key] = value;
  }
  for (const [key, innerKeys] of Object.entries(kept.within ?? {})) {
    const inner = ownValue(content, key);
    if (isJsonObject(inner)) picked[key] = pick(inner, { keys: innerKeys });
  }
  return picked;
}

function ownValue(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
