import type { CompactState, ResolutionEvent } from '@soma/protocol';

import type { Reader, Statement } from '../../storage/sql.ts';
import type { RoomHead } from '../room-head.ts';
import type { Rooms } from '../rooms.ts';
import { hashAfter } from '../state-hash.ts';
import {
  insertSnapshotStatements,
  isLastOfLineage,
  nextSnapshot,
  readSnapshotKey,
  readSnapshotPath,
  readSnapshotsByHash,
} from '../state-store.ts';
import type { Snapshot } from '../state-store.ts';
import { resolveRoomState } from './resolve-room-state.ts';
import { differencesOf, eventAt, withEntry } from './states.ts';

/** A state of a room as a snapshot, with what stores it where it is new. */
export interface StateReference {
  readonly snapshot: Snapshot;
  /** Whether no other snapshot comes after it in its lineage. */
  readonly isLast: boolean;
  readonly statements: readonly Statement[];
  state(): Promise<CompactState>;
}

/** More states with one hash are not compared: the hash is keyed, so equal ones are equal states. */
const SAME_HASH_MAX = 4;

/** The room whose states they are, and its current state. */
export type RoomOfStates = Pick<RoomHead, 'roomNid' | 'version' | 'snapshot' | 'isLast'>;

/** A snapshot that is stored. */
export async function storedState(
  rooms: Rooms,
  head: RoomOfStates,
  snapshotNid: number,
): Promise<StateReference> {
  const state = (): Promise<CompactState> => rooms.states.read(snapshotNid);
  if (snapshotNid === head.snapshot.nid) {
    return { snapshot: head.snapshot, isLast: head.isLast, statements: [], state };
  }
  const { reader } = rooms.database;
  const snapshot = await readSnapshotPath(reader, snapshotNid);
  const isLast = await isLastOfLineage(reader, snapshot);
  return { snapshot, isLast, statements: [], state };
}

/**
 * The state that these make together (SS API, "Room State Resolution"): one of them where they are one, or where one
 * prevails.
 *
 * @param unstored an event of theirs that is not in the database yet
 */
export async function mergeStates(
  rooms: Rooms,
  head: RoomOfStates,
  references: readonly StateReference[],
  unstored?: ResolutionEvent,
): Promise<StateReference> {
  const distinct = [...new Map(references.map((one) => [one.snapshot.nid, one])).values()];
  const [first] = distinct;
  if (first === undefined) return storedState(rooms, head, 0);
  if (distinct.length === 1) return first;
  const sets = await Promise.all(distinct.map((one) => one.state()));
  const { names, database, verify } = rooms;
  const from = { reader: database.reader, stateKeys: names.stateKeys, verify };
  const merged = await resolveRoomState(from, head, sets, unstored);
  let nearest = { reference: first, differences: differencesOf(sets[0] ?? merged, merged) };
  for (const [index, reference] of distinct.entries()) {
    const differences = differencesOf(sets[index] ?? merged, merged);
    if (differences.length < nearest.differences.length) nearest = { reference, differences };
  }
  if (nearest.differences.length === 0) return nearest.reference;
  return findOrMake(rooms, head, merged, nearest);
}

/** Equal states in a room are one snapshot. */
async function findOrMake(
  rooms: Rooms,
  head: RoomOfStates,
  merged: CompactState,
  nearest: { reference: StateReference; differences: ReturnType<typeof differencesOf> },
): Promise<StateReference> {
  const { states } = rooms;
  const { reader, snapshotKey } = rooms.database;
  const { reference, differences } = nearest;
  const hash = hashAfter(snapshotKey, reference.snapshot.hash, differences);
  for (const nid of await readSnapshotsByHash(reader, head.roomNid, hash, SAME_HASH_MAX)) {
    const known = await states.read(nid);
    if (differencesOf(known, merged).length === 0) return storedState(rooms, head, nid);
  }
  // A new lineage: what a resolution brings back must not look as if it had never been away.
  const next = nextSnapshot(reference.snapshot, await rooms.snapshotNids.next(), hash, true);
  const pairs = differences.map(({ stateKeyNid, after }) => [stateKeyNid, after ?? null] as const);
  return {
    snapshot: next.snapshot,
    isLast: true,
    statements: insertSnapshotStatements(head.roomNid, next, pairs),
    state: async () => merged,
  };
}

/** A state event that is added to a state. */
export interface AddedStateEvent {
  readonly stateKeyNid: number;
  readonly eventNid: number;
  /** Leaves the lineage of the state to another. */
  readonly startsLineage: boolean;
}

/** The state after a state event. */
export async function withStateEvent(
  rooms: Rooms,
  roomNid: number,
  before: StateReference,
  { stateKeyNid, eventNid, startsLineage }: AddedStateEvent,
): Promise<StateReference> {
  const replaced = await entryOf(rooms.database.reader, before, stateKeyNid);
  const hash = hashAfter(rooms.database.snapshotKey, before.snapshot.hash, [
    { stateKeyNid, before: replaced, after: eventNid },
  ]);
  const nid = await rooms.snapshotNids.next();
  const next = nextSnapshot(before.snapshot, nid, hash, startsLineage || !before.isLast);
  return {
    snapshot: next.snapshot,
    isLast: true,
    statements: insertSnapshotStatements(roomNid, next, [[stateKeyNid, eventNid]]),
    state: async () => withEntry(await before.state(), stateKeyNid, eventNid),
  };
}

/** The event under a key of a state. */
export async function entryOf(
  reader: Reader,
  before: StateReference,
  stateKeyNid: number,
): Promise<number | undefined> {
  return before.statements.length === 0
    ? readSnapshotKey(reader, before.snapshot.nid, stateKeyNid)
    : eventAt(await before.state(), stateKeyNid);
}
