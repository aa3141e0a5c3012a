import { isJsonObject } from '@soma/protocol';
import type { JsonObject, RoomVersion } from '@soma/protocol';

import type { DirectoryUser } from '../directory/directory.ts';
import type { EventDraft } from '../rooms/build-event.ts';
import type { NewRoom } from '../rooms/new-room.ts';
import type { RoomHead } from '../rooms/room-head.ts';
import { initialPowerLevels } from '../rooms/room-presets.ts';
import type { InitialState } from '../rooms/room-presets.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { readCurrentStateOfType } from '../rooms/state-store.ts';
import { readMembersOfRoom } from './membership-store.ts';
import { neededLevel, upgradedLevels } from './upgraded-levels.ts';

/** Which room becomes one of which version. */
export interface RoomUpgrade {
  readonly user: DirectoryUser;
  readonly roomId: string;
  readonly version: RoomVersion;
  /** Creators beside the user, where the version knows such. */
  readonly additionalCreators: readonly string[];
}

/** What the new room takes from the old one (CS API, "Room Upgrades"), and what Synapse adds to the spec's list. */
const TRANSFERRED = [
  'm.room.server_acl',
  'm.room.encryption',
  'm.room.name',
  'm.room.avatar',
  'm.room.topic',
  'm.room.guest_access',
  'm.room.history_visibility',
  'm.room.join_rules',
  'm.room.canonical_alias',
  'm.room.related_groups',
  'm.room.retention',
];

/** The room that replaces another, as its creation is to be asked for. Runs in the old room's queue. */
export async function replacementOf(
  rooms: Rooms,
  head: RoomHead,
  { user, version, additionalCreators }: RoomUpgrade,
): Promise<NewRoom> {
  const keys = ['m.room.create', 'm.room.power_levels', ...TRANSFERRED];
  await head.load(keys.map((type) => [type, ''] as const));
  const isKnown = version.creators === 'sender-and-additional';
  const creators = [user.userId, ...(isKnown ? additionalCreators : [])];
  const levels = upgradedLevels({
    old:
      head.get('m.room.power_levels', '')?.event.content ??
      initialPowerLevels(head.version, [user.userId], {}),
    oldCreate: head.get('m.room.create', ''),
    oldVersion: head.version,
    version,
    creators,
  });
  const creating = version.creatorsHaveInfinitePower ? levels : elevated(levels, user.userId);
  const levelsState = { type: 'm.room.power_levels', stateKey: '', content: creating };
  const bans = await readBans(rooms, head, user.userId, creating);
  const settled: EventDraft = { ...levelsState, sender: user.userId, content: levels };
  return {
    creator: user.userId,
    version,
    preset: 'private_chat',
    creationContent: creationContent(head, isKnown ? additionalCreators : []),
    powerLevelsOverride: {},
    initialState: [levelsState, ...transferred(head), ...(await readSpaceChildren(rooms, head))],
    invite: [],
    isDirect: false,
    last: [...bans, ...(creating === levels ? [] : [settled])],
  };
}

function creationContent(head: RoomHead, additionalCreators: readonly string[]): JsonObject {
  const create = head.get('m.room.create', '')?.event.content ?? {};
  const { additional_creators: _, creator: __, predecessor: ___, ...kept } = create;
  const last = head.extremities.at(-1)?.eventId;
  return {
    ...kept,
    predecessor: { room_id: head.roomId, ...(last === undefined ? {} : { event_id: last }) },
    ...(additionalCreators.length === 0 ? {} : { additional_creators: [...additionalCreators] }),
  };
}

/** Whoever upgrades a room needs the power to set all of its state, if only for that while. */
function elevated(levels: JsonObject, userId: string): JsonObject {
  const users = isJsonObject(levels['users']) ? levels['users'] : {};
  const needed = neededLevel(levels);
  const own = users[userId];
  if (typeof own === 'number' && own >= needed) return levels;
  return { ...levels, users: { ...users, [userId]: needed } };
}

function transferred(head: RoomHead): InitialState[] {
  return TRANSFERRED.flatMap((type) => {
    const content = head.get(type, '')?.event.content;
    return content === undefined ? [] : [{ type, stateKey: '', content }];
  });
}

/** A space is what it lists. */
async function readSpaceChildren(rooms: Rooms, head: RoomHead): Promise<InitialState[]> {
  const type = 'm.space.child';
  if (head.get('m.room.create', '')?.event.content['type'] !== 'm.space') return [];
  const children: InitialState[] = [];
  const typeNid = await rooms.names.eventTypes.find(type);
  if (typeNid === undefined) return [];
  const state = await readCurrentStateOfType(rooms.database.reader, head.roomNid, typeNid);
  for (const keyNid of state.keys()) {
    const { stateKey } = await rooms.names.stateKeys.pair(keyNid);
    await head.load([[type, stateKey]]);
    const content = head.get(type, stateKey)?.event.content;
    // A child without servers to go through has been taken out.
    if (content?.['via'] !== undefined) children.push({ type, stateKey, content });
  }
  return children;
}

/** Who is banned stays so, those apart whom the new room would not let the user ban. */
async function readBans(
  rooms: Rooms,
  head: RoomHead,
  sender: string,
  { users, users_default: usersDefault }: JsonObject,
): Promise<EventDraft[]> {
  const levels = isJsonObject(users) ? users : {};
  const own = levels[sender] ?? Infinity;
  const bans: EventDraft[] = [];
  for (const { userNid } of await readMembersOfRoom(rooms.database.reader, head.roomNid, 'ban')) {
    const stateKey = await rooms.names.users.text(userNid);
    if (Number(levels[stateKey] ?? usersDefault ?? 0) >= Number(own)) continue;
    await head.load([['m.room.member', stateKey]]);
    const { membership, reason } = head.get('m.room.member', stateKey)?.event.content ?? {};
    if (membership !== 'ban') continue;
    const content = { membership, ...(reason === undefined ? {} : { reason }) };
    bans.push({ type: 'm.room.member', stateKey, sender, content });
  }
  return bans;
}
