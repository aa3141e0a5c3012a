import { canonicalJson, isJsonObject } from '../canonical-json.ts';
import type { JsonObject, JsonValue } from '../canonical-json.ts';
import { checkJson } from '../check-json.ts';
import { problem } from '../errors.ts';
import type { Problem } from '../errors.ts';
import { ExactNumber } from '../exact-number.ts';
import {
  parseEventId,
  parseRoomId,
  parseServerName,
  parseUserId,
  serverNameOf,
} from '../identifiers.ts';
import { parseJson } from '../parse-json.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import { checkEventSize, checkFieldLimits } from './limits.ts';
import type { ReferenceLimits } from './limits.ts';
import type { Pdu } from './types.ts';

/** A PDU whose format is right. */
export interface ParsedPdu {
  readonly ok: true;
  /**
   * The value, unknown keys included, without `unsigned`: any server may have changed it, so nothing depends on what it
   * holds (spec: SS API, "Signing Events").
   */
  readonly pdu: Pdu;
  /**
   * What hashes, signatures and redactions are to be made of. It is `pdu`, except for an event of room version 1 to 5 that
   * writes a number in a way which JavaScript cannot keep: see `parseJson`.
   */
  readonly exact: Pdu;
  /** The canonical JSON of `exact`: the text to store and to send. */
  readonly json: string;
}

/** Why a PDU was refused. */
export interface RefusedPdu {
  readonly ok: false;
  readonly problem: Problem;
}

/**
 * Parses a received PDU: check 1 of "Checks performed on receipt of a PDU" (spec: Server-Server API).
 *
 * Problems: `M_BAD_JSON` (no JSON; a field is absent or of the wrong type; not canonical where the version is strict),
 * `M_TOO_LARGE`. Neither hashes nor signatures are verified here.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { parsePduText, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('11');
 * assert.ok(version);
 * const parsed = parsePduText('{"type":"m.room.message"}', version);
 * assert.ok(!parsed.ok);
 * assert.equal(parsed.problem.reason, 'sender is absent or malformed');
 * ```
 */
export function parsePduText(
  text: string,
  version: RoomVersion,
  references?: ReferenceLimits,
): ParsedPdu | RefusedPdu {
  const parsed = parseJson(text, version, 'unsigned');
  const checked = parsed.ok ? check(parsed.value, parsed.exact, version, references) : parsed;
  const fault = checked.ok ? checkWrittenDepth(checked.exact, version) : undefined;
  return fault === undefined ? checked : { ok: false, problem: fault };
}

/**
 * `parsePduText` for JSON that was parsed already. How its numbers were written is lost then: `1.0` passes for `1`, and in
 * room versions 1 to 5 an event with such a number gets another hash than with other servers.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { parsePdu, roomVersion } from '@soma/protocol';
 *
 * const version = roomVersion('11');
 * assert.ok(version);
 * const parsed = parsePdu([], version);
 * assert.ok(!parsed.ok);
 * assert.equal(parsed.problem.errcode, 'M_BAD_JSON');
 * ```
 */
export function parsePdu(
  value: unknown,
  version: RoomVersion,
  references?: ReferenceLimits,
): ParsedPdu | RefusedPdu {
  const json = (isJsonObject(value) ? withoutUnsigned(value) : value) as JsonValue;
  const fault = checkJson(json, version);
  if (fault !== undefined) return { ok: false, problem: fault };
  return check(json, json, version, references);
}

function withoutUnsigned(value: JsonObject): JsonObject {
  if (!Object.hasOwn(value, 'unsigned')) return value;
  const { unsigned: _unsigned, ...signed } = value;
  return signed;
}

function check(
  value: JsonValue,
  exact: JsonValue,
  version: RoomVersion,
  references?: ReferenceLimits,
): ParsedPdu | RefusedPdu {
  const fault = findFault(value, version);
  if (fault !== undefined) return { ok: false, problem: fault };
  const pdu = value as Pdu;
  const json = canonicalJson(exact);
  const limit = checkFieldLimits(pdu, version, references) ?? checkEventSize(json);
  if (limit !== undefined) return { ok: false, problem: limit };
  return { ok: true, pdu, exact: exact as Pdu, json };
}

// In room versions 1 to 5 the limit and what is above it are one number when they are not read as they are written.
function checkWrittenDepth({ depth }: Pdu, { depthMax }: RoomVersion): Problem | undefined {
  const written: unknown = depth;
  if (depth.valueOf() < depthMax || Number.isSafeInteger(depthMax)) return undefined;
  const text = written instanceof ExactNumber ? written.text : '';
  const isInRange = /^[0-9]+$/.test(text) && BigInt(text) < BigInt(depthMax);
  return isInRange ? undefined : problem('M_BAD_JSON', `depth must be below ${BigInt(depthMax)}`);
}

function findFault(value: JsonValue, version: RoomVersion): Problem | undefined {
  if (!isJsonObject(value)) return problem('M_BAD_JSON', 'a PDU must be an object');
  for (const [field, isValid] of FIELDS) {
    if (!isValid(Object.hasOwn(value, field) ? value[field] : undefined)) {
      return problem('M_BAD_JSON', `${field} is absent or malformed`);
    }
  }
  return findReferenceFault(value, version) ?? findRoomIdFault(value, version);
}

function findReferenceFault(pdu: JsonObject, version: RoomVersion): Problem | undefined {
  const isReference = version.eventReferences === 'ids' ? isString : isPair;
  for (const field of ['prev_events', 'auth_events']) {
    const references = pdu[field];
    if (!Array.isArray(references) || !references.every(isReference)) {
      return problem('M_BAD_JSON', `${field} is absent or malformed`);
    }
  }
  if (version.eventId !== 'field' || isDomainEventId(pdu['event_id'])) return undefined;
  return problem('M_BAD_JSON', 'event_id is absent or malformed');
}

function findRoomIdFault(pdu: JsonObject, version: RoomVersion): Problem | undefined {
  const isRootOfRoom = version.roomId === 'create-event' && pdu['type'] === 'm.room.create';
  // A create event that has a room_id all the same is for auth rule 1.2 to reject.
  if (isRootOfRoom && pdu['room_id'] === undefined) return undefined;
  if (parseRoomId(pdu['room_id']) !== undefined) return undefined;
  return problem('M_BAD_JSON', 'room_id is absent or malformed');
}

const FIELDS: readonly (readonly [field: string, isValid: (value: unknown) => boolean])[] = [
  ['type', isString],
  ['sender', (value) => parseUserId(value) !== undefined],
  ['state_key', (value) => value === undefined || isString(value)],
  ['content', isJsonObject],
  ['origin_server_ts', Number.isInteger],
  ['depth', Number.isInteger],
  ['hashes', (value) => isMapOf(value, isString) && Object.hasOwn(value, 'sha256')],
  ['signatures', (value) => isMapOf(value, (keys) => isMapOf(keys, isString))],
];

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

/** A reference of room versions 1 and 2. */
function isPair(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    parseEventId(value[0]) !== undefined &&
    isMapOf(value[1], isString)
  );
}

/** An event ID of room versions 1 and 2, `$opaque:server`. */
function isDomainEventId(value: unknown): boolean {
  const eventId = parseEventId(value);
  return eventId !== undefined && parseServerName(serverNameOf(eventId)) !== undefined;
}

function isMapOf(value: unknown, isItem: (item: unknown) => boolean): value is JsonObject {
  return isJsonObject(value) && Object.values(value).every(isItem);
}
