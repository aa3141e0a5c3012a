import {
  canonicalJson,
  canonicalString,
  checkCanonicalJson,
  checkLaxJson,
} from '../canonical-json.ts';
import type { JsonObject } from '../canonical-json.ts';
import { problem } from '../errors.ts';
import type { Problem } from '../errors.ts';
import type { EventId, RoomId } from '../identifiers.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import { stripPadding } from './base64.ts';
import { eventIdFromReferenceText, roomIdOf } from './event-id.ts';
import { checkEventSize, checkFieldLimits } from './limits.ts';
import { redactContent } from './redact.ts';
import type { EventCrypto, Pdu } from './types.ts';

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
  readonly prev_events: readonly string[];
  readonly auth_events: readonly string[];
  /** Greater values than the room version allows are capped. */
  readonly depth: number;
  /** Milliseconds since the Unix epoch. */
  readonly origin_server_ts: number;
  /** For `m.room.redaction`: the redacted event. Put where the room version wants it. */
  readonly redacts?: string;
  readonly unsigned?: JsonObject;
}

/** A signed event. */
export interface BuiltEvent {
  readonly ok: true;
  readonly eventId: EventId;
  /** The room of the event; for a create event of version 12 or later the room it makes. */
  readonly roomId: RoomId;
  readonly pdu: Pdu;
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
  /** What to sign. */
  readonly signedText: string;
  /** The event's canonical JSON, but for the signature in unpadded base64 between the two. */
  readonly jsonAround: readonly [before: string, after: string];
}

/**
 * Makes a complete event of a supported room version: content hash, event ID, signature
 * (spec: Server-Server API, "Adding hashes and signatures to outgoing events").
 *
 * Problems: `M_BAD_JSON` (content that is no canonical JSON, a `room_id` where none may be or the reverse),
 * `M_TOO_LARGE` (a limit of `limits.ts`), `M_UNSUPPORTED_ROOM_VERSION`.
 */
export function buildEvent(
  template: EventTemplate,
  crypto: EventCrypto,
): BuiltEvent | { readonly ok: false; readonly problem: Problem } {
  const event = hashEvent(template, crypto);
  if (!event.ok) return event;
  const { eventId, roomId, pdu, signedText, jsonAround } = event;
  const signature = crypto.sign(signedText);
  const signatures = { [crypto.serverName]: { [crypto.keyId]: signature } };
  return {
    ok: true,
    eventId,
    roomId,
    pdu: { ...pdu, signatures },
    json: jsonAround.join(signature),
  };
}

/**
 * {@link buildEvent} but for the signature, for a caller who signs elsewhere, such as on another thread. The same
 * problems; the room for the signature is counted in.
 */
export function hashEvent(
  template: EventTemplate,
  crypto: Omit<EventCrypto, 'sign'>,
): UnsignedEvent | { readonly ok: false; readonly problem: Problem } {
  const event = prepare(template);
  const fault = check(event);
  if (fault !== undefined) return { ok: false, problem: fault };
  const { roomVersion: version, type, content } = event;

  // Each key's text is written once and joined three times, always in code point order.
  const text = writeFields(event);
  const contentJson = canonicalJson(content);
  const hash = stripPadding(
    crypto.sha256(
      `{"auth_events":${text.authEvents},"content":${contentJson},"depth":${event.depth}` +
        `${text.timeAndParents}${text.redacts}${text.roomAndSender}${text.stateKeyAndType}}`,
    ),
  );
  const hashes = `,"hashes":{"sha256":"${hash}"}`;
  const redacted = redactContent(type, content, version);
  const redactedJson = redacted === content ? contentJson : canonicalJson(redacted);
  const reference =
    `{"auth_events":${text.authEvents},"content":${redactedJson},"depth":${event.depth}${hashes}` +
    `${text.timeAndParents}${text.roomAndSender}${text.stateKeyAndType}}`;
  const eventId = eventIdFromReferenceText(reference, version, crypto);
  const before =
    `{"auth_events":${text.authEvents},"content":${contentJson},"depth":${event.depth}${hashes}` +
    `${text.timeAndParents}${text.redacts}${text.roomAndSender}` +
    `,"signatures":{${canonicalString(crypto.serverName)}:{${canonicalString(crypto.keyId)}:"`;
  const after = `"}}${text.stateKeyAndType}${text.unsigned}}`;
  const tooLarge = checkEventSize(before + SIGNATURE_PLACE + after);
  if (tooLarge !== undefined) return { ok: false, problem: tooLarge };

  return {
    ok: true,
    eventId,
    roomId: roomIdOf(event.room_id, eventId),
    pdu: makePdu(event, hash),
    signedText: reference,
    jsonAround: [before, after],
  };
}

/** As long as an Ed25519 signature in unpadded base64. */
const SIGNATURE_PLACE = 'A'.repeat(86);

// Caps the depth and moves `redacts` into the content where it belongs there.
function prepare(template: EventTemplate): EventTemplate {
  const { roomVersion, depth, redacts, content } = template;
  if (redacts === undefined && depth <= roomVersion.depthMax) return template;
  const capped = { ...template, depth: Math.min(depth, roomVersion.depthMax) };
  if (redacts === undefined || roomVersion.redactsIn === 'event') return capped;
  const { redacts: _moved, ...rest } = capped;
  return { ...rest, content: { ...content, redacts } };
}

function check(event: EventTemplate): Problem | undefined {
  const { roomVersion: version, content, unsigned } = event;
  if (!version.supported) {
    return problem('M_UNSUPPORTED_ROOM_VERSION', `room version ${version.id} is not supported`);
  }
  const mayHaveRoomId = version.roomId === 'domain' || event.type !== 'm.room.create';
  if ((event.room_id !== undefined) !== mayHaveRoomId) {
    return problem('M_BAD_JSON', `room_id must be ${mayHaveRoomId ? 'present' : 'absent'}`);
  }
  const checkJson = version.strictCanonicalJson ? checkCanonicalJson : checkLaxJson;
  return (
    checkFieldLimits(event, version) ??
    checkJson(content) ??
    checkJson([event.type, event.state_key ?? '', event.origin_server_ts, unsigned ?? null])
  );
}

function writeFields(event: EventTemplate) {
  return {
    authEvents: canonicalStrings(event.auth_events),
    timeAndParents: `,"origin_server_ts":${event.origin_server_ts},"prev_events":${canonicalStrings(event.prev_events)}`,
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

function canonicalStrings(texts: readonly string[]): string {
  let json = '';
  for (const text of texts) json += `${json === '' ? '' : ','}${canonicalString(text)}`;
  return `[${json}]`;
}

function makePdu(event: EventTemplate, hash: string): Omit<Pdu, 'signatures'> {
  return {
    auth_events: [...event.auth_events],
    content: event.content,
    depth: event.depth,
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
