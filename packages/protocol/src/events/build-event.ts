import { canonicalJson, canonicalString } from '../canonical-json.ts';
import type { JsonObject, JsonValue } from '../canonical-json.ts';
import { checkJson } from '../check-json.ts';
import { problem } from '../errors.ts';
import type { Problem } from '../errors.ts';
import { parseEventId } from '../identifiers.ts';
import type { EventId, RoomId } from '../identifiers.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import { stripPadding } from './base64.ts';
import { eventIdFromReferenceText, roomIdOf } from './event-id.ts';
import { cappedDepth, checkEventSize, checkFieldLimits } from './limits.ts';
import { redactContent } from './redact.ts';
import { referenceByText } from './references.ts';
import type { EventCrypto, EventReference, Pdu } from './types.ts';

/** What an event is made from. */
export interface EventTemplate {
  readonly roomVersion: RoomVersion;
  readonly type: string;
  /** Present for a state event. */
  readonly state_key?: string;
  readonly sender: string;
  /** Absent for the create event of room version 12 or later, and only there. */
  readonly room_id?: string;
  readonly content: JsonObject;
  /** Of the form that the room version has: `referenceTo` makes them, and a built event brings its own. */
  readonly prev_events: readonly EventReference[];
  readonly auth_events: readonly EventReference[];
  /** Greater values than the room version allows are capped. */
  readonly depth: number;
  /** Milliseconds since the Unix epoch. */
  readonly origin_server_ts: number;
  /** For `m.room.redaction`: the redacted event. Put where the room version wants it. */
  readonly redacts?: string;
  readonly unsigned?: JsonObject;
  /**
   * Gives the part of the event's ID before the server name, another one at each call. It is asked in room versions 1 and
   * 2, which cannot do without; in later ones the event's ID is its hash.
   */
  readonly newOpaqueId?: () => string;
}

/** A signed event. */
export interface BuiltEvent {
  readonly ok: true;
  readonly eventId: EventId;
  /** The room of the event; for a create event of version 12 or later the room it makes. */
  readonly roomId: RoomId;
  readonly pdu: Pdu;
  /** How other events name this one. */
  readonly reference: EventReference;
  /** The PDU's canonical JSON, with hashes and signatures: the text to store and to send. */
  readonly json: string;
}

/** An event with its hashes and its ID, to be signed: its ID does not depend on the signature. */
export interface UnsignedEvent {
  readonly ok: true;
  readonly eventId: EventId;
  /** The room of the event; for a create event of version 12 or later the room it makes. */
  readonly roomId: RoomId;
  readonly pdu: Omit<Pdu, 'signatures'>;
  /** How other events name this one. */
  readonly reference: EventReference;
  /** What to sign. */
  readonly signedText: string;
  /** The event's canonical JSON, but for the signature in unpadded base64 between the two. */
  readonly jsonAround: readonly [before: string, after: string];
}

/**
 * Makes a complete event: content hash, event ID, signature (spec: Server-Server API, "Adding hashes and signatures to
 * outgoing events").
 *
 * Problems: `M_BAD_JSON` (content that is no canonical JSON, a `room_id` where none may be or the reverse, references of
 * another room version's form), `M_TOO_LARGE` (a limit of `limits.ts`), `M_MISSING_PARAM` (no `newOpaqueId` in room version 1
 * or 2).
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { hash } from 'node:crypto';
 * import { buildEvent, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('11');
 * assert.ok(version);
 * const built = buildEvent(
 *   {
 *     roomVersion: version,
 *     type: 'm.room.message',
 *     sender: '@alice:example.org',
 *     room_id: '!room:example.org',
 *     content: { body: 'hello' },
 *     prev_events: ['$previous'],
 *     auth_events: [],
 *     depth: 7,
 *     origin_server_ts: 1_700_000_000_000,
 *   },
 *   {
 *     serverName: 'example.org',
 *     keyId: 'ed25519:1',
 *     sha256: (text) => hash('sha256', text, 'base64'),
 *     sign: () => 'not a signature',
 *   },
 * );
 * assert.ok(built.ok);
 * assert.equal(built.eventId.length, 44);
 * assert.deepEqual(JSON.parse(built.json), built.pdu);
 * ```
 */
export function buildEvent(
  template: EventTemplate,
  crypto: EventCrypto,
): BuiltEvent | { readonly ok: false; readonly problem: Problem } {
  const event = hashEvent(template, crypto);
  if (!event.ok) return event;
  const { eventId, roomId, pdu, reference, signedText, jsonAround } = event;
  const signature = crypto.sign(signedText);
  const signatures = { [crypto.serverName]: { [crypto.keyId]: signature } };
  return {
    ok: true,
    eventId,
    roomId,
    pdu: { ...pdu, signatures },
    reference,
    json: jsonAround.join(signature),
  };
}

/**
 * {@link buildEvent} but for the signature, for a caller who signs elsewhere, such as on another thread. The same
 * problems; the room for the signature is counted in.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { hash } from 'node:crypto';
 * import { hashEvent, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('12');
 * assert.ok(version);
 * const hashed = hashEvent(
 *   {
 *     roomVersion: version,
 *     type: 'm.room.create',
 *     state_key: '',
 *     sender: '@alice:example.org',
 *     content: { room_version: '12' },
 *     prev_events: [],
 *     auth_events: [],
 *     depth: 1,
 *     origin_server_ts: 1_700_000_000_000,
 *   },
 *   {
 *     serverName: 'example.org',
 *     keyId: 'ed25519:1',
 *     sha256: (text) => hash('sha256', text, 'base64'),
 *   },
 * );
 * assert.ok(hashed.ok);
 * assert.equal(hashed.roomId.slice(1), hashed.eventId.slice(1));
 * const signature = 'made elsewhere, of hashed.signedText';
 * const { signatures } = JSON.parse(hashed.jsonAround.join(signature));
 * assert.deepEqual(signatures, { 'example.org': { 'ed25519:1': signature } });
 * ```
 */
export function hashEvent(
  template: EventTemplate,
  crypto: Omit<EventCrypto, 'sign'>,
): UnsignedEvent | { readonly ok: false; readonly problem: Problem } {
  const event = prepare(template);
  const opaqueId = event.roomVersion.eventId === 'field' ? event.newOpaqueId?.() : undefined;
  const givenId = opaqueId === undefined ? undefined : `$${opaqueId}:${crypto.serverName}`;
  const fault = check(event, givenId);
  if (fault !== undefined) return { ok: false, problem: fault };
  const { roomVersion: version, type, content } = event;

  // Each key's text is written once and joined three times, always in code point order.
  const text = writeFields(event, givenId);
  const contentJson = canonicalJson(content);
  const hash = stripPadding(
    crypto.sha256(
      `{"auth_events":${text.authEvents},"content":${contentJson}${text.depthAndId}` +
        `${text.timeAndParents}${text.redacts}${text.roomAndSender}${text.stateKeyAndType}}`,
    ),
  );
  const hashes = `,"hashes":{"sha256":"${hash}"}`;
  const redacted = redactContent(type, content, version);
  const redactedJson = redacted === content ? contentJson : canonicalJson(redacted);
  const signedText =
    `{"auth_events":${text.authEvents},"content":${redactedJson}${text.depthAndId}${hashes}` +
    `${text.timeAndParents}${text.roomAndSender}${text.stateKeyAndType}}`;
  const eventId = (givenId ?? eventIdFromReferenceText(signedText, version, crypto)) as EventId;
  const before =
    `{"auth_events":${text.authEvents},"content":${contentJson}${text.depthAndId}${hashes}` +
    `${text.timeAndParents}${text.redacts}${text.roomAndSender}` +
    `,"signatures":{${canonicalString(crypto.serverName)}:{${canonicalString(crypto.keyId)}:"`;
  const after = `"}}${text.stateKeyAndType}${text.unsigned}}`;
  const tooLarge = checkEventSize(before + SIGNATURE_PLACE + after);
  if (tooLarge !== undefined) return { ok: false, problem: tooLarge };

  return {
    ok: true,
    eventId,
    roomId: roomIdOf(event.room_id, eventId),
    pdu: makePdu(event, givenId, hash),
    reference: referenceByText(signedText, eventId, version, crypto),
    signedText,
    jsonAround: [before, after],
  };
}

/** As long as an Ed25519 signature in unpadded base64. */
const SIGNATURE_PLACE = 'A'.repeat(86);

// Caps the depth and moves `redacts` into the content where it belongs there.
function prepare(template: EventTemplate): EventTemplate {
  const { roomVersion, redacts, content } = template;
  const depth = cappedDepth(template.depth, roomVersion);
  if (redacts === undefined && depth === template.depth) return template;
  const capped = { ...template, depth };
  if (redacts === undefined || roomVersion.redactsIn === 'event') return capped;
  const { redacts: _moved, ...rest } = capped;
  return { ...rest, content: { ...content, redacts } };
}

function check(event: EventTemplate, givenId: string | undefined): Problem | undefined {
  const { roomVersion: version, content, unsigned } = event;
  if (version.eventId === 'field' && givenId === undefined) {
    return problem('M_MISSING_PARAM', `room version ${version.id} needs newOpaqueId`);
  }
  const mayHaveRoomId = version.roomId === 'domain' || event.type !== 'm.room.create';
  if ((event.room_id !== undefined) !== mayHaveRoomId) {
    return problem('M_BAD_JSON', `room_id must be ${mayHaveRoomId ? 'present' : 'absent'}`);
  }
  return (
    checkForms(event, givenId) ??
    checkFieldLimits(event, version) ??
    checkJson(content, version) ??
    checkJson(
      [event.type, event.state_key ?? '', event.origin_server_ts, unsigned ?? null],
      version,
    )
  );
}

function checkForms(event: EventTemplate, givenId: string | undefined): Problem | undefined {
  const form = event.roomVersion.eventReferences === 'ids' ? 'string' : 'object';
  for (const references of [event.prev_events, event.auth_events]) {
    if (references.some((reference) => typeof reference !== form)) {
      return problem('M_BAD_JSON', 'a reference to an event has the form of another room version');
    }
  }
  if (givenId === undefined || parseEventId(givenId) !== undefined) return undefined;
  return problem('M_BAD_JSON', 'newOpaqueId makes no event ID');
}

function writeFields(event: EventTemplate, givenId: string | undefined) {
  return {
    authEvents: writeReferences(event.auth_events),
    depthAndId:
      `,"depth":${canonicalJson(event.depth)}` +
      (givenId === undefined ? '' : `,"event_id":${canonicalString(givenId)}`),
    timeAndParents: `,"origin_server_ts":${event.origin_server_ts},"prev_events":${writeReferences(event.prev_events)}`,
    redacts: event.redacts === undefined ? '' : `,"redacts":${canonicalString(event.redacts)}`,
    roomAndSender:
      (event.room_id === undefined ? '' : `,"room_id":${canonicalString(event.room_id)}`) +
      `,"sender":${canonicalString(event.sender)}`,
    stateKeyAndType:
      (event.state_key === undefined ? '' : `,"state_key":${canonicalString(event.state_key)}`) +
      `,"type":${canonicalString(event.type)}`,
    unsigned: event.unsigned === undefined ? '' : `,"unsigned":${canonicalJson(event.unsigned)}`,
  };
}

function writeReferences(references: readonly EventReference[]): string {
  return canonicalJson(references as JsonValue);
}

function makePdu(
  event: EventTemplate,
  givenId: string | undefined,
  hash: string,
): Omit<Pdu, 'signatures'> {
  return {
    auth_events: [...event.auth_events],
    content: event.content,
    depth: event.depth,
    ...(givenId === undefined ? {} : { event_id: givenId }),
    hashes: { sha256: hash },
    origin_server_ts: event.origin_server_ts,
    prev_events: [...event.prev_events],
    ...(event.redacts === undefined ? {} : { redacts: event.redacts }),
    ...(event.room_id === undefined ? {} : { room_id: event.room_id }),
    sender: event.sender,
    ...(event.state_key === undefined ? {} : { state_key: event.state_key }),
    type: event.type,
    ...(event.unsigned === undefined ? {} : { unsigned: event.unsigned }),
  };
}
