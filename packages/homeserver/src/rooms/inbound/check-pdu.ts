import {
  canonicalJson,
  contentHashMatches,
  eventIdFromReferenceText,
  authEventIds,
  parseEventId,
  parsePdu,
  parsePduText,
  parseRoomId,
  prevEventIds,
  redactPdu,
  referenceText,
  referenceTo,
  requiredSigners,
  roomIdOfCreate,
  serverNameOf,
} from '@soma/protocol';
import type {
  EventId,
  EventReference,
  HashFunction,
  JsonObject,
  ParsedPdu,
  Pdu,
  ReferenceLimits,
  RoomId,
  RoomVersion,
} from '@soma/protocol';

import type { KeyRing } from '../../federation-client/keys/key-ring.ts';
import { isPlainEventId } from '../plain-event-id.ts';

/**
 * An event as another server gave it. Its text keeps how its numbers were written, which counts in room versions 1
 * to 5; where only the parsed value is at hand, that will do for the others.
 */
export type GivenPdu = string | JsonObject;

/** An event whose format, signatures and hash were checked. */
export interface CheckedPdu {
  readonly ok: true;
  readonly eventId: EventId;
  readonly roomId: RoomId;
  /** Redacted where its content is not what was hashed. */
  readonly pdu: Pdu;
  /** What is stored: canonical JSON without `unsigned`. */
  readonly json: string;
  /** How other events name it. */
  readonly reference: EventReference;
}

export interface RefusedGivenPdu {
  readonly ok: false;
  /** Where the event is well-formed enough to have one. */
  readonly eventId: string | undefined;
  readonly reason: string;
}

export interface PduChecks {
  readonly keyRing: Pick<KeyRing, 'verify'>;
  readonly sha256: HashFunction['sha256'];
}

/** Checks 1 to 3 of "Checks performed on receipt of a PDU" (SS API). */
export async function checkPdu(
  checks: PduChecks,
  given: GivenPdu,
  version: RoomVersion,
  references?: ReferenceLimits,
): Promise<CheckedPdu | RefusedGivenPdu> {
  const parsed =
    typeof given === 'string'
      ? parsePduText(given, version, references)
      : parsePdu(given, version, references);
  if (!parsed.ok) return { ok: false, eventId: undefined, reason: parsed.problem.reason };
  const { exact, pdu } = parsed;
  const text = referenceText(exact, version);
  const eventId =
    version.eventId === 'field'
      ? parseEventId(pdu.event_id)
      : eventIdFromReferenceText(text, version, checks);
  const ids = [...prevEventIds(pdu), ...authEventIds(pdu), eventId];
  if (eventId === undefined || !ids.every(isPlainEventId)) {
    return { ok: false, eventId, reason: 'an event ID is malformed' };
  }
  const isIntact = contentHashMatches(exact, checks);
  const kept = isIntact ? parsed : redacted(parsed, version);
  for (const serverName of signersOf(pdu, kept.pdu, version)) {
    const use = { kind: 'event', originServerTs: pdu.origin_server_ts, version } as const;
    const verdict = await checks.keyRing.verify(pdu.signatures, text, serverName, use);
    if (!verdict.valid) return { ok: false, eventId, reason: verdict.reason };
  }
  return {
    ok: true,
    eventId,
    roomId: parseRoomId(pdu.room_id) ?? roomIdOfCreate(eventId),
    pdu: kept.pdu,
    json: kept.json,
    reference: referenceTo(exact, eventId, version, checks),
  };
}

/** Check 3: what does not have its hash is believed only as far as the signatures cover it. */
function redacted(
  { pdu, exact }: ParsedPdu,
  version: RoomVersion,
): Pick<ParsedPdu, 'pdu' | 'json'> {
  return { pdu: redactPdu(pdu, version), json: canonicalJson(redactPdu(exact, version)) };
}

/**
 * Who must have signed. What a redaction takes away must not have excused anybody from it; and in room versions 1 and 2
 * an event's ID is believed of the server that it names alone.
 */
function signersOf(given: Pdu, kept: Pdu, version: RoomVersion): Set<string> {
  const signers = new Set<string>([
    ...requiredSigners(given, version),
    ...requiredSigners(kept, version),
  ]);
  const eventId = version.eventId === 'field' ? parseEventId(given.event_id) : undefined;
  const named = eventId === undefined ? undefined : serverNameOf(eventId);
  if (named !== undefined) signers.add(named);
  return signers;
}
