import {
  canonicalJson,
  checkCanonicalJson,
  checkLaxJson,
  isJsonObject,
} from '../canonical-json.ts';
import type { JsonObject } from '../canonical-json.ts';
import { problem } from '../errors.ts';
import type { Problem } from '../errors.ts';
import { parseRoomId, parseUserId } from '../identifiers.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import { checkEventSize, checkFieldLimits } from './limits.ts';
import type { Pdu } from './types.ts';

/**
 * Parses a received PDU: check 1 of "Checks performed on receipt of a PDU" (spec: Server-Server API). On success
 * `pdu` is the value itself, unknown keys included, and `json` its canonical JSON.
 *
 * Problems: `M_BAD_JSON` (a field is absent or of the wrong type, or not canonical where the version is strict),
 * `M_TOO_LARGE`, `M_UNSUPPORTED_ROOM_VERSION`. Neither hashes nor signatures are verified here.
 */
export function parsePdu(
  value: unknown,
  version: RoomVersion,
):
  | { readonly ok: true; readonly pdu: Pdu; readonly json: string }
  | { readonly ok: false; readonly problem: Problem } {
  const fault = findFault(value, version);
  if (fault !== undefined) return { ok: false, problem: fault };
  const pdu = value as Pdu;
  const json = canonicalJson(pdu);
  const limit = checkFieldLimits(pdu, version) ?? checkEventSize(json);
  return limit === undefined ? { ok: true, pdu, json } : { ok: false, problem: limit };
}

function findFault(value: unknown, version: RoomVersion): Problem | undefined {
  if (!version.supported) {
    return problem('M_UNSUPPORTED_ROOM_VERSION', `room version ${version.id} is not supported`);
  }
  if (!isJsonObject(value)) return problem('M_BAD_JSON', 'a PDU must be an object');
  const checkJson = version.strictCanonicalJson ? checkCanonicalJson : checkLaxJson;
  const fault = checkJson(value);
  if (fault !== undefined) return fault;
  for (const [field, isValid] of FIELDS) {
    if (!isValid(Object.hasOwn(value, field) ? value[field] : undefined)) {
      return problem('M_BAD_JSON', `${field} is absent or malformed`);
    }
  }
  return findRoomIdFault(value, version);
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
  ['unsigned', (value) => value === undefined || isJsonObject(value)],
  ['origin_server_ts', Number.isInteger],
  ['depth', Number.isInteger],
  ['prev_events', isStringArray],
  ['auth_events', isStringArray],
  ['hashes', (value) => isMapOf(value, isString) && Object.hasOwn(value, 'sha256')],
  ['signatures', (value) => isMapOf(value, (keys) => isMapOf(keys, isString))],
];

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isStringArray(value: unknown): boolean {
  return Array.isArray(value) && value.every(isString);
}

function isMapOf(value: unknown, isItem: (item: unknown) => boolean): value is JsonObject {
  return isJsonObject(value) && Object.values(value).every(isItem);
}
