import { creatorsOf, isJsonObject, parseUserId, serverNameOf } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { MatrixError, forbidden, guestAccessForbidden } from '../errors/matrix-error.ts';
import type { RoomHead } from '../rooms/room-head.ts';
import { powerLevelsOf } from '../rooms/room-power.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { isResident } from './is-resident.ts';
import { readLocalMembers } from './membership-store.ts';

/** This server cannot let the user in; another one that is in the room may know better. */
export class NotAuthorisedHere extends MatrixError {
  constructor(message: string) {
    super(403, 'M_FORBIDDEN', message);
    this.name = 'NotAuthorisedHere';
  }
}

/** Who wants to become a member. */
export interface Joiner {
  readonly userId: string;
  readonly isGuest: boolean;
}

/**
 * Checks what the auth rules leave to the server of who joins: guest access, and the conditions of restricted
 * rooms. Resolves to the keys that the member event needs. Throws `403 M_FORBIDDEN`, {@link NotAuthorisedHere},
 * `403 M_GUEST_ACCESS_FORBIDDEN`.
 */
export async function admitJoin(
  rooms: Rooms,
  head: RoomHead,
  { userId, isGuest }: Joiner,
): Promise<JsonObject> {
  await loadAdmission(head, userId);
  const access = head.get('m.room.guest_access', '')?.event.content['guest_access'];
  if (isGuest && access !== 'can_join') {
    throw guestAccessForbidden('This room does not let guests in');
  }
  const rules = conditionsFor(head, userId);
  if (rules === undefined) return {};
  const judged = await judgeConditions(rooms, userId, rules);
  if (judged !== 'met') {
    const refusal = 'You are in none of the rooms whose members may join this one';
    throw judged === 'failed' ? forbidden(refusal) : new NotAuthorisedHere(refusal);
  }
  const authoriser = await findAuthoriser(rooms, head);
  if (authoriser === undefined) throw new NotAuthorisedHere('Nobody on this server can let you in');
  return { join_authorised_via_users_server: authoriser };
}

/**
 * The same for a user of another server, who comes through this one (SS API, "Restricted rooms"). Throws
 * `403 M_FORBIDDEN`, `400 M_UNABLE_TO_AUTHORISE_JOIN`, `400 M_UNABLE_TO_GRANT_JOIN`.
 */
export async function admitRemoteJoin(
  rooms: Rooms,
  head: RoomHead,
  userId: string,
): Promise<JsonObject> {
  await loadAdmission(head, userId);
  const rules = conditionsFor(head, userId);
  if (rules === undefined) return {};
  const judged = await judgeConditions(rooms, userId, rules);
  if (judged === 'unknown') {
    throw new MatrixError(
      400,
      'M_UNABLE_TO_AUTHORISE_JOIN',
      'This server does not know who is in the rooms whose members may join this one',
    );
  }
  if (judged === 'failed') {
    throw forbidden(`${userId} is in none of the rooms whose members may join this one`);
  }
  const authoriser = await findAuthoriser(rooms, head);
  if (authoriser === undefined) {
    throw new MatrixError(400, 'M_UNABLE_TO_GRANT_JOIN', 'Nobody on this server can let users in');
  }
  return { join_authorised_via_users_server: authoriser };
}

async function loadAdmission(head: RoomHead, userId: string): Promise<void> {
  await head.load([
    ['m.room.join_rules', ''],
    ['m.room.guest_access', ''],
    ['m.room.member', userId],
  ]);
}

/** The join rules, where the user needs one of their conditions to hold. */
function conditionsFor(head: RoomHead, userId: string): JsonObject | undefined {
  const rules = head.get('m.room.join_rules', '')?.event.content;
  const joinRule = rules?.['join_rule'];
  const isRestricted =
    typeof joinRule === 'string' && head.version.joinRulesForRestricted.includes(joinRule);
  const membership = head.get('m.room.member', userId)?.event.content['membership'];
  const needsNone = membership === 'invite' || membership === 'join' || membership === 'ban';
  return isRestricted && !needsNone ? rules : undefined;
}

/**
 * CS API, "Restricted rooms": any one condition that holds is enough; those of unknown types never do. `unknown` when
 * none holds, and this server is not in one of the rooms that count.
 */
async function judgeConditions(
  rooms: Rooms,
  userId: string,
  rules: JsonObject,
): Promise<'met' | 'failed' | 'unknown'> {
  const { reader } = rooms.database;
  const userNid = await rooms.names.users.find(userId);
  const { allow } = rules;
  let judged: 'failed' | 'unknown' = 'failed';
  for (const condition of Array.isArray(allow) ? allow : []) {
    if (!isJsonObject(condition) || condition['type'] !== 'm.room_membership') continue;
    const { room_id: roomId } = condition;
    if (typeof roomId !== 'string') continue;
    const roomNid = await rooms.names.rooms.find(roomId);
    const isKnown = roomNid !== undefined && (await isResident(rooms, reader, roomNid));
    if (!isKnown) judged = 'unknown';
    else if (userNid !== undefined && (await rooms.isJoined(reader, userNid, roomNid)))
      return 'met';
  }
  return judged;
}

/** A joined user of this server with the power to invite: the most powerful of those with a level of their own. */
async function findAuthoriser(rooms: Rooms, head: RoomHead): Promise<string | undefined> {
  const levels = await powerLevelsOf(head);
  const named = namedUsers(head)
    .filter((userId) => isLocal(userId, rooms) && levels.userLevel(userId) >= levels.invite)
    .toSorted((one, other) => compareLevels(levels.userLevel(other), levels.userLevel(one)));
  for (const userId of named) if (await isJoined(head, userId)) return userId;
  if (levels.usersDefault >= levels.invite) {
    for (const userNid of await readLocalMembers(rooms.database.reader, head.roomNid)) {
      const userId = await rooms.names.users.text(userNid);
      const mayInvite = levels.userLevel(userId) >= levels.invite;
      // What is not committed yet is not in the list; the head says whether they are still there.
      if (mayInvite && (await isJoined(head, userId))) return userId;
    }
  }
  return undefined;
}

/** Users to whom the room gives a level; {@link powerLevelsOf} has loaded what says so. */
function namedUsers(head: RoomHead): string[] {
  const create = head.get('m.room.create', '')?.event;
  const users = head.get('m.room.power_levels', '')?.event.content['users'];
  const creators = create === undefined ? [] : creatorsOf(create, head.version);
  return [...new Set([...creators, ...Object.keys(isJsonObject(users) ? users : {})])];
}

function isLocal(text: string, { serverName }: Rooms): boolean {
  const userId = parseUserId(text);
  return userId !== undefined && serverNameOf(userId) === serverName;
}

/** Two creators are equal, although the difference of their levels is no number. */
function compareLevels(one: number, other: number): number {
  return one === other ? 0 : one - other;
}

async function isJoined(head: RoomHead, userId: string): Promise<boolean> {
  await head.load([['m.room.member', userId]]);
  return head.get('m.room.member', userId)?.event.content['membership'] === 'join';
}
