import { compactState } from '@soma/protocol';

import { write } from '../../storage/database.ts';
import { EventFlag } from '../event-store.ts';
import { readGraphRows } from '../graph-store.ts';
import type { GraphRow } from '../graph-store.ts';
import { hashAfter } from '../state-hash.ts';
import {
  insertSnapshotStatements,
  nextSnapshot,
  readRoomHead,
  readSnapshotsByHash,
} from '../state-store.ts';
import type { Snapshot } from '../state-store.ts';
import type { InboundContext } from './inbound-context.ts';
import { rowsPerChange, singleEventsMax } from './limits.ts';
import type { AskedRoom, RoomRequests } from './room-requests.ts';
import { differencesOf } from './states.ts';
import { storeOutliers } from './store-outliers.ts';
import { storeWholeState } from './store-whole-state.ts';
import type { StateEntry } from './store-whole-state.ts';

/** More states with one hash are not compared. */
const SAME_HASH_MAX = 4;

/**
 * The state before an event as another server tells it: its events are stored as outliers where they are new. Resolves to
 * the snapshot, or to undefined where what is told is no state of the room.
 *
 * @param near a state that it is expected to differ little from; the current one unless another is given
 */
export async function askState(
  context: InboundContext,
  room: AskedRoom,
  requests: RoomRequests,
  eventId: string,
  near?: Snapshot,
): Promise<number | undefined> {
  const { reader } = context.rooms.database;
  const ids = await requests.stateIds(eventId);
  const all = [...new Set([...ids.state, ...ids.authChain])];
  const known = await readGraphRows(reader, all);
  const unknown = all.filter((id) => !known.has(id));
  if (unknown.length > 0) {
    const events =
      unknown.length > singleEventsMax
        ? await requests.state(eventId)
        : await requests.events(unknown);
    await storeOutliers(context, room.roomNid, room.version, events);
  }
  const rows = await readGraphRows(reader, new Set(ids.state));
  const entries = await entriesOf(context, room, rows.values());
  if (entries === undefined) return undefined;
  const base = near ?? (await readRoomHead(reader, room.roomNid))?.snapshot;
  if (base === undefined) throw new Error(`room ${room.roomNid} has no head`);
  return snapshotOf(context, room, entries, base);
}

/** Undefined where two events are under one key, or where there is no create event or another room's. */
async function entriesOf(
  { rooms }: InboundContext,
  { roomNid }: AskedRoom,
  rows: Iterable<GraphRow>,
): Promise<StateEntry[] | undefined> {
  const { reader } = rooms.database;
  const head = await readRoomHead(reader, roomNid);
  const entries = new Map<number, StateEntry>();
  let hasCreate = false;
  for (const row of rows) {
    const { state_key_nid: stateKeyNid, event_nid: eventNid } = row;
    if (row.room_nid !== roomNid || stateKeyNid === null) return undefined;
    if ((row.flags & EventFlag.rejected) !== 0) continue;
    if (entries.has(stateKeyNid)) return undefined;
    entries.set(stateKeyNid, { stateKeyNid, eventNid });
    hasCreate ||= eventNid === head?.createEventNid;
  }
  return hasCreate ? [...entries.values()] : undefined;
}

/** Mostly it differs little from another state, and is stored as that difference. */
async function snapshotOf(
  { rooms }: InboundContext,
  { roomNid }: AskedRoom,
  entries: readonly StateEntry[],
  snapshot: Snapshot,
): Promise<number> {
  const { database, snapshotNids, states } = rooms;
  const state = compactState(
    new Map(entries.map(({ stateKeyNid, eventNid }) => [stateKeyNid, eventNid])),
  );
  const differences = differencesOf(await states.read(snapshot.nid), state);
  if (differences.length === 0) return snapshot.nid;
  const hash = hashAfter(database.snapshotKey, snapshot.hash, differences);
  for (const nid of await readSnapshotsByHash(database.reader, roomNid, hash, SAME_HASH_MAX)) {
    if (differencesOf(await states.read(nid), state).length === 0) return nid;
  }
  if (differences.length > rowsPerChange)
    return (await storeWholeState(rooms, roomNid, entries)).nid;
  const next = nextSnapshot(snapshot, await snapshotNids.next(), hash, true);
  const pairs = differences.map(({ stateKeyNid, after }) => [stateKeyNid, after ?? null] as const);
  const statements = insertSnapshotStatements(roomNid, next, pairs);
  await write(database, { statements, positions: 0 });
  return next.snapshot.nid;
}
