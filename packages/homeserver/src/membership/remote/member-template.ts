import { isJsonObject, parseUserId, referencedId, roomVersion } from '@soma/protocol';
import type { EventReference, JsonObject, JsonValue, RoomVersion } from '@soma/protocol';

import type { Membership } from '../membership-store.ts';

/** What a user wants to become, through a server that is in the room. */
export interface WantedMembership {
  readonly roomId: string;
  readonly userId: string;
  readonly membership: Membership & ('join' | 'knock' | 'leave');
}

/** What the event needs of the room, as a server that is in it says. */
export interface MemberTemplate {
  readonly version: RoomVersion;
  readonly prevEvents: readonly EventReference[];
  readonly authEvents: readonly EventReference[];
  readonly depth: number;
  /** Of a restricted room: whose server lets the user in. */
  readonly authorisedVia: string | undefined;
}

/** SS API, "Size limits" of an event's references. */
const PREV_EVENTS_MAX = 20;
const AUTH_EVENTS_MAX = 10;

/**
 * Reads the answer to `/make_join`, `/make_knock` or `/make_leave`: only what the event needs, so that nothing is
 * signed that the user does not want. Gives what is wrong with it as a text.
 */
export function readMemberTemplate(
  answer: JsonValue,
  wanted: WantedMembership,
): MemberTemplate | string {
  const event = isJsonObject(answer) ? answer['event'] : undefined;
  if (!isJsonObject(answer) || !isJsonObject(event)) return 'there is no event in it';
  // Servers from before room versions name none; 1 and 2 differ in how states are resolved alone.
  const { room_version: versionId = '1' } = answer;
  const version = typeof versionId === 'string' ? roomVersion(versionId) : undefined;
  if (version === undefined) return `room version ${JSON.stringify(versionId)} is not supported`;
  const fault = findOtherEvent(event, wanted);
  if (fault !== undefined) return fault;
  const prevEvents = readReferences(event['prev_events'], version, PREV_EVENTS_MAX);
  const authEvents = readReferences(event['auth_events'], version, AUTH_EVENTS_MAX);
  if (prevEvents === undefined || prevEvents.length === 0) return 'prev_events are malformed';
  if (authEvents === undefined) return 'auth_events are malformed';
  const { depth, content } = event;
  if (typeof depth !== 'number' || !Number.isInteger(depth) || depth < 0)
    return 'depth is no depth';
  const via = isJsonObject(content) ? content['join_authorised_via_users_server'] : undefined;
  const isRestricted = wanted.membership === 'join' && version.joinRulesForRestricted.length > 0;
  const authorisedVia = isRestricted ? parseUserId(via) : undefined;
  if (isRestricted && via !== undefined && authorisedVia === undefined) return 'nobody lets in';
  return { version, prevEvents, authEvents, depth, authorisedVia };
}

/** SS API, `GET /make_join`: what must be verified before the template is signed. */
function findOtherEvent(event: JsonObject, wanted: WantedMembership): string | undefined {
  const { type, room_id: roomId, sender, state_key: stateKey, content } = event;
  if (type !== 'm.room.member') return 'it is no m.room.member';
  if (roomId !== wanted.roomId) return 'it is of another room';
  if (sender !== wanted.userId || stateKey !== wanted.userId) return 'it is of another user';
  const membership = isJsonObject(content) ? content['membership'] : undefined;
  return membership === wanted.membership ? undefined : 'it is another membership';
}

function readReferences(
  value: JsonValue | undefined,
  { eventReferences }: RoomVersion,
  countMax: number,
): EventReference[] | undefined {
  if (!Array.isArray(value) || value.length > countMax) return undefined;
  const references = value.filter((each): each is string | [string, { [name: string]: string }] =>
    eventReferences === 'ids' ? isEventId(each) : isPair(each),
  );
  const ids = new Set(references.map(referencedId));
  return references.length === value.length && ids.size === value.length ? references : undefined;
}

function isEventId(value: JsonValue): value is string {
  return typeof value === 'string' && value.startsWith('$') && value.length <= 255;
}

function isPair(value: JsonValue): value is [string, { [name: string]: string }] {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [eventId, hashes] = value;
  if (eventId === undefined || !isEventId(eventId) || !isJsonObject(hashes)) return false;
  return Object.values(hashes).every((hash) => typeof hash === 'string');
}
