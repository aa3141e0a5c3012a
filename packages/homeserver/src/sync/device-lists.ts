import { invalidParam } from '../errors/matrix-error.ts';
import {
  readMembersOfRoom,
  readMembershipsChanged,
  readMembershipsChangedBeside,
  readUsersSharingWith,
} from '../membership/membership-store.ts';
import type { MembershipRecord } from '../membership/membership-store.ts';
import type { Viewer } from '../rooms/viewer.ts';
import { ChangeKind } from '../storage/change.ts';
import { readAt } from '../storage/database.ts';
import { membershipAt } from './membership-at.ts';
import type { SyncContext, SyncPass } from './sync-context.ts';
import { parseSyncToken } from './sync-token.ts';
import type { Memberships } from './user-rooms.ts';

/** Users whose devices a client has to look at again, and those whose it may forget. */
export interface DeviceLists {
  readonly changed: string[];
  readonly left: string[];
}

type Question = Pick<SyncPass, 'context' | 'reader' | 'viewer' | 'since' | 'upTo'>;

export function hasDeviceLists(lists: DeviceLists | undefined): boolean {
  return lists !== undefined && lists.changed.length + lists.left.length > 0;
}

/**
 * CS API, `GET /keys/changes`: what happened from one token on. What came after the other token is told as well, as it
 * will be again to whoever syncs from there. Throws `400 M_INVALID_PARAM`.
 */
export function deviceListsBetween(
  context: SyncContext,
  viewer: Viewer,
  from: string,
  to: string | undefined,
): Promise<DeviceLists> {
  const { database } = context.rooms;
  const { incarnation } = database;
  if (to !== undefined) parseSyncToken('to', incarnation, to);
  const token = parseSyncToken('from', incarnation, from);
  if (token !== undefined && token.position > database.position) {
    throw invalidParam('from lies in the future of this server');
  }
  return readAt(database, async (reader, upTo) => {
    const since = token?.position ?? 0;
    const memberships = await context.userRooms.of(reader, viewer.userNid, upTo);
    return readDeviceLists({ context, reader, viewer, since, upTo }, memberships);
  });
}

/** The `device_lists` of an answer (CS API, "Tracking the device list for a user"). */
export async function readDeviceLists(
  question: Question,
  memberships: Memberships,
): Promise<DeviceLists> {
  const { context, reader, viewer, since, upTo } = question;
  const happened = whatHappened(question);
  const changed = happened.mayHaveKeys
    ? await context.sources.encryption.deviceListsChanged(reader, viewer.userNid, since, upTo)
    : [];
  const { gained, lost } = await readMoves(question, memberships, happened.moved);
  const candidates = new Set([...changed, ...gained, ...lost]);
  if (candidates.size === 0) return { changed: [], left: [] };
  const sharing = new Set(await readUsersSharingWith(reader, viewer.userNid, [...candidates]));
  const told = new Set([...changed, ...gained].filter((userNid) => sharing.has(userNid)));
  const left = [...lost].filter((userNid) => !sharing.has(userNid));
  return { changed: await textsOf(context, told), left: await textsOf(context, left) };
}

function textsOf({ rooms }: SyncContext, userNids: Iterable<number>): Promise<string[]> {
  return Promise.all([...userNids].map((userNid) => rooms.names.users.text(userNid)));
}

/** What the newest part of the log says; whose membership changed is undefined where it does not reach back so far. */
function whatHappened({ context, viewer, since }: Question): {
  readonly mayHaveKeys: boolean;
  readonly moved: ReadonlySet<number> | undefined;
} {
  const moved = new Set<number>();
  let mayHaveKeys = false;
  const complete = context.recent.some(since, (kind, subject) => {
    if (kind === ChangeKind.membership) moved.add(subject);
    const isOwn = kind === ChangeKind.userData && subject === viewer.userNid;
    if (kind === ChangeKind.deviceList || isOwn) mayHaveKeys = true;
    return false;
  });
  return complete === undefined ? { mayHaveKeys: true, moved: undefined } : { mayHaveKeys, moved };
}

interface Moves {
  /** Who came into a room with the viewer. */
  readonly gained: Set<number>;
  /** Who is no longer in a room with the viewer, and may be in another. */
  readonly lost: Set<number>;
}

async function readMoves(
  question: Question,
  memberships: Memberships,
  moved: ReadonlySet<number> | undefined,
): Promise<Moves> {
  const { reader, viewer, since } = question;
  const moves: Moves = { gained: new Set(), lost: new Set() };
  if (moved?.size === 0) return moves;
  const roomsLeft = new Set<number>();
  if (moved?.has(viewer.userNid) !== false) {
    await readOwnMoves(question, memberships, moves, roomsLeft);
  }
  const others =
    moved === undefined
      ? await readMembershipsChangedBeside(reader, viewer.userNid, since)
      : await readMembershipsChanged(reader, [...moved], since);
  for (const record of others) {
    if (record.userNid === viewer.userNid) continue;
    const isHere = memberships.get(record.roomNid)?.membership === 'join';
    if (isHere || roomsLeft.has(record.roomNid)) await addMove(question, record, isHere, moves);
  }
  return moves;
}

/** Rooms that the viewer came into or left, with all who are there. */
async function readOwnMoves(
  question: Question,
  memberships: Memberships,
  moves: Moves,
  roomsLeft: Set<number>,
): Promise<void> {
  const { reader, viewer, since } = question;
  for (const { roomNid, membership, position } of memberships.values()) {
    if (position <= since) continue;
    const was = (await membershipAt(question, roomNid, viewer.userId)) === 'join';
    if (was === (membership === 'join')) continue;
    if (was) roomsLeft.add(roomNid);
    for (const { userNid } of await readMembersOfRoom(reader, roomNid, 'join')) {
      if (userNid !== viewer.userNid) (was ? moves.lost : moves.gained).add(userNid);
    }
  }
}

/** A change of profile is a new membership too, and no move. */
async function addMove(
  question: Question,
  { userNid, roomNid, membership }: MembershipRecord,
  isHere: boolean,
  { gained, lost }: Moves,
): Promise<void> {
  const userId = await question.context.rooms.names.users.text(userNid);
  const was = (await membershipAt(question, roomNid, userId)) === 'join';
  const is = membership === 'join';
  if (was && !is) lost.add(userNid);
  if (!was && is && isHere) gained.add(userNid);
}
