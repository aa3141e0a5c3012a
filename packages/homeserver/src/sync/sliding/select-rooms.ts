import type { JsonObject } from '@soma/protocol';

import { invitePermission } from '../../membership/invite-permission.ts';
import { readPartialRoomNids } from '../../rooms/partial-room-store.ts';
import type { Names } from '../../storage/names-store.ts';
import type { Known } from './connection.ts';
import { nameOf, roomTypeOf } from './listed-details.ts';
import { mergeConfigs, roomConfig, wantsAllMembers } from './room-config.ts';
import type { RoomConfig } from './room-config.ts';
import type { ListedRoom } from './room-listing-store.ts';
import type { SlidingPass } from './sliding-pass.ts';
import type { ListFilters, ListRequest, SlidingRequest } from './sliding-request.ts';

/** A room that the answer may be about. */
export interface ScopedRoom {
  readonly room: ListedRoom;
  readonly config: RoomConfig;
}

/** What the lists and subscriptions show. */
export interface Selection {
  readonly rooms: ReadonlyMap<number, ScopedRoom>;
  /** The `lists` of the answer. */
  readonly lists: JsonObject;
  /** The rooms of each list, by its key, and those subscribed to. */
  readonly byList: ReadonlyMap<string, readonly ListedRoom[]>;
  readonly subscribed: readonly ListedRoom[];
}

/** Applies filters and ranges to the user's rooms, and gathers what is wanted of each (MSC4186, lists). */
export async function selectRooms(
  pass: SlidingPass,
  { lists, subscriptions }: SlidingRequest,
): Promise<Selection> {
  const shown = await shownRooms(pass);
  const rooms = new Map<number, ScopedRoom>();
  const byList = new Map<string, readonly ListedRoom[]>();
  const counts: JsonObject = {};
  const { userId } = pass.viewer;
  const take = (room: ListedRoom, config: RoomConfig): void => {
    const other = rooms.get(room.roomNid);
    const merged = other === undefined ? config : mergeConfigs(other.config, config);
    rooms.set(room.roomNid, { room, config: merged });
  };
  const hidden = new UnwholeRooms(pass);
  for (const [key, list] of lists) {
    const config = roomConfig(list, userId);
    const found = await hidden.leaveOut(await filterRooms(pass, shown, list.filters), config);
    const ranges = list.ranges ?? [[0, Math.max(0, found.length - 1)] as const];
    const windows = ranges.map(([first, last]) => found.slice(first, last + 1));
    for (const room of windows.flat()) take(room, config);
    byList.set(key, windows.flat());
    counts[key] = await listJson(pass, found.length, ranges, windows);
  }
  const subscribed: ListedRoom[] = [];
  const isShown = subscriptions.size === 0 ? undefined : new Set(shown);
  for (const [roomId, parameters] of subscriptions) {
    const roomNid = await pass.context.sync.rooms.names.rooms.find(roomId);
    const room = roomNid === undefined ? undefined : pass.list.get(roomNid);
    if (room === undefined || isShown?.has(room) !== true) continue;
    const config = roomConfig(parameters, userId);
    const [told] = await hidden.leaveOut([room], config);
    if (told === undefined) continue;
    take(room, config);
    subscribed.push(room);
  }
  return { rooms, lists: counts, byList, subscribed };
}

/** Rooms whose members are still being learned: to who wants all members they are not joined yet. */
class UnwholeRooms {
  readonly #pass: SlidingPass;
  #nids: Promise<ReadonlySet<number>> | undefined;

  constructor(pass: SlidingPass) {
    this.#pass = pass;
  }

  async leaveOut(
    rooms: readonly ListedRoom[],
    { requiredState }: RoomConfig,
  ): Promise<readonly ListedRoom[]> {
    if (!wantsAllMembers(requiredState)) return rooms;
    this.#nids ??= readPartialRoomNids(this.#pass.reader).then((nids) => new Set(nids));
    const unwhole = await this.#nids;
    return unwhole.size === 0 ? rooms : rooms.filter(({ roomNid }) => !unwhole.has(roomNid));
  }
}

async function listJson(
  { context }: SlidingPass,
  count: number,
  ranges: NonNullable<ListRequest['ranges']>,
  windows: readonly (readonly ListedRoom[])[],
): Promise<JsonObject> {
  const ops: JsonObject[] = [];
  for (const [index, range] of ranges.entries()) {
    const ids: string[] = [];
    for (const { roomNid } of windows[index] ?? []) {
      ids.push(await context.sync.rooms.names.rooms.text(roomNid));
    }
    ops.push({ op: 'SYNC', range: [...range], room_ids: ids });
  }
  return { count, ops };
}

/** All that the user is in or asked into, was removed from, or has left without the client knowing. */
async function shownRooms(pass: SlidingPass): Promise<readonly ListedRoom[]> {
  const { list, viewer, known, context } = pass;
  const { rooms, excludedRooms } = context.sync;
  if (list.isJoinedToAll && excludedRooms.size === 0) return list.ordered;
  const shown: ListedRoom[] = [];
  const ignored = await rooms.ignoredBy(viewer.userNid);
  const excluded = await nidsOf(rooms.names.rooms, excludedRooms);
  for (const room of list.ordered) {
    if (excluded.has(room.roomNid)) continue;
    if (room.membership === 'join') {
      shown.push(room);
      continue;
    }
    if (room.membership === 'invite') {
      if (!(await isWelcome(pass, room, ignored))) continue;
    } else if (!isOutShown(room, known)) continue;
    shown.push(room);
  }
  return shown;
}

async function nidsOf(names: Names, roomIds: ReadonlySet<string>): Promise<Set<number>> {
  const nids = await Promise.all([...roomIds].map((roomId) => names.find(roomId)));
  return new Set(nids.flatMap((nid) => nid ?? []));
}

async function isWelcome(
  { context, reader, viewer }: SlidingPass,
  { senderNid }: ListedRoom,
  ignored: ReadonlySet<string>,
): Promise<boolean> {
  if (senderNid === undefined) return true;
  const inviterId = await context.sync.rooms.names.users.text(senderNid);
  if (ignored.has(inviterId)) return false;
  return (await invitePermission(reader, viewer.userNid, inviterId)) === 'allow';
}

/** Who left by themselves is told of it once; who was removed sees the room as it was. */
function isOutShown(room: ListedRoom, known: Known): boolean {
  if (room.membership === 'knock') return true;
  const before = known.room(room.roomNid);
  const isNews = before !== undefined && before.membership !== room.membership;
  if (room.forgotten) return room.forgottenByLeaving && isNews;
  const leftBySelf = room.membership === 'leave' && room.senderNid === room.userNid;
  return isNews || !leftBySelf;
}

type Test = (room: ListedRoom) => boolean | Promise<boolean>;

async function filterRooms(
  pass: SlidingPass,
  rooms: readonly ListedRoom[],
  filters: ListFilters | undefined,
): Promise<readonly ListedRoom[]> {
  const tests = filters === undefined ? [] : await testsOf(pass, filters);
  let left = rooms;
  for (const test of tests) {
    const passed: ListedRoom[] = [];
    for (const room of left) {
      const result = test(room);
      if (result === true || (result !== false && (await result))) passed.push(room);
    }
    left = passed;
  }
  return left;
}

/** The filters that are asked for, the quick ones first. */
async function testsOf(pass: SlidingPass, filters: ListFilters): Promise<Test[]> {
  const { isInvite, isEncrypted, isDm, spaces, nameLike } = filters;
  const tests: Test[] = [];
  if (isInvite !== undefined) {
    tests.push(({ membership }) => (membership === 'invite') === isInvite);
  }
  if (isEncrypted !== undefined) tests.push((room) => room.isEncrypted === isEncrypted);
  tests.push(...typeTests(pass, filters), ...(await tagTests(pass, filters)));
  const { context, reader, viewer, upTo } = pass;
  const { names } = context.sync.rooms;
  if (isDm !== undefined) {
    const direct = await context.marks.direct(reader, viewer.userNid, upTo);
    tests.push(({ roomNid }) => direct.has(roomNid) === isDm);
  }
  if (spaces !== undefined) {
    const children = await childrenOf(pass, spaces);
    tests.push(async ({ roomNid }) => children.has(await names.rooms.text(roomNid)));
  }
  if (nameLike !== undefined) tests.push(nameTest(pass, nameLike.toLowerCase()));
  return tests;
}

function nameTest(pass: SlidingPass, part: string): Test {
  return async (room) => (await nameOf(pass, room))?.toLowerCase().includes(part) === true;
}

function typeTests(pass: SlidingPass, { roomTypes, notRoomTypes }: ListFilters): Test[] {
  const typeOf = (room: ListedRoom): Promise<string | null> | (string | null) =>
    room.roomType === null ? roomTypeOf(pass, room.roomNid) : (room.roomType ?? null);
  const test =
    (wanted: (type: string | null) => boolean): Test =>
    (room) => {
      const type = typeOf(room);
      return type instanceof Promise ? type.then(wanted) : wanted(type);
    };
  return [
    ...(roomTypes === undefined ? [] : [test((type) => roomTypes.includes(type))]),
    ...(notRoomTypes === undefined ? [] : [test((type) => !notRoomTypes.includes(type))]),
  ];
}

async function tagTests(
  { context, reader, viewer, upTo }: SlidingPass,
  { tags, notTags }: ListFilters,
): Promise<Test[]> {
  if (tags === undefined && notTags === undefined) return [];
  const marked = await context.marks.tags(reader, viewer.userNid, upTo);
  const hasOne = ({ roomNid }: ListedRoom, of: readonly string[]): boolean =>
    of.some((tag) => marked.get(roomNid)?.has(tag) === true);
  return [
    ...(tags === undefined ? [] : [(room: ListedRoom) => hasOne(room, tags)]),
    ...(notTags === undefined ? [] : [(room: ListedRoom) => !hasOne(room, notTags)]),
  ];
}

/** The rooms of those of the spaces that the user has joined. */
async function childrenOf(
  { context, reader, list, upTo }: SlidingPass,
  spaces: readonly string[],
): Promise<ReadonlySet<string>> {
  const children = new Set<string>();
  for (const spaceId of spaces) {
    const roomNid = await context.sync.rooms.names.rooms.find(spaceId);
    if (roomNid === undefined || list.get(roomNid)?.membership !== 'join') continue;
    for (const roomId of await context.spaces.of(reader, roomNid, upTo)) children.add(roomId);
  }
  return children;
}
