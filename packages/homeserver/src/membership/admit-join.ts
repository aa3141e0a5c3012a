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
  await head.load([
    ['m.room.join_rules', ''],
    ['m.room.guest_access', ''],
    ['m.room.member', userId],
  ]);
  const access = head.get('m.room.guest_access', '')?.event.content['guest_access'];
  if (isGuest && access !== 'can_join') {
    throw guestAccessForbidden('This room does not let guests in');
  }
  const rules = head.get('m.room.join_rules', '')?.event.content;
  const joinRule = rules?.['join_rule'];
  const isRestricted =
    typeof joinRule === 'string' && head.version.joinRulesForRestricted.includes(joinRule);
  const membership = head.get('m.room.member', userId)?.event.content['membership'];
  if (!isRestricted || membership === 'invite' || membership === 'ban') return {};
  await checkConditions(rooms, userId, rules);
  return { join_authorised_via_users_server: await findAuthoriser(rooms, head) };
}

/** CS API, "Restricted rooms": any one condition that holds is enough; those of unknown types never do. */
async function checkConditions(
  rooms: Rooms,
  userId: string,
  rules: JsonObject | undefined,
): Promise<void> {
  const { reader } = rooms.database;
  const userNid = await rooms.names.users.find(userId);
  const allow = rules?.['allow'];
  let isAllKnown = true;
  for (const condition of Array.isArray(allow) ? allow : []) {
    if (!isJsonObject(condition) || condition['type'] !== 'm.room_membership') continue;
    const { room_id: roomId } = condition;
    if (typeof roomId !== 'string') continue;
    const roomNid = await rooms.names.rooms.find(roomId);
    if (roomNid === undefined || !(await isResident(rooms, reader, roomNid))) {
      isAllKnown = false;
    } else if (userNid !== undefined && (await rooms.isJoined(reader, userNid, roomNid))) {
      return;
    }
  }
  const refusal = 'You are in none of the rooms whose members may join this one';
  throw isAllKnown ? forbidden(refusal) : new NotAuthorisedHere(refusal);
}

/** A joined user of this server with the power to invite: the most powerful of those with a level of their own. */
async function findAuthoriser(rooms: Rooms, head: RoomHead): Promise<string> {
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
  throw new NotAuthorisedHere('Nobody on this server can let you in');
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
