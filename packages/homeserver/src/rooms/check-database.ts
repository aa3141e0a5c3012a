import type { Database } from '../storage/database.ts';
import type { Reader } from '../storage/sql.ts';
import {
  findTableProblems,
  readEventCount,
  readRoomNids,
  readSnapshotHashes,
} from './consistency-store.ts';
import { readEvent } from './event-store.ts';
import { hashPair } from './state-hash.ts';
import { readCurrentState, readRoomHead, readSnapshot } from './state-store.ts';

/** What was looked at and what is wrong with it. */
export interface DatabaseCheck {
  readonly events: number;
  readonly rooms: number;
  readonly snapshots: number;
  /** One sentence each; empty for a sound database. */
  readonly problems: readonly string[];
}

const HASH_BITS = 2 ** 48;

/** Checks that the database keeps what DATA-MODEL promises of it ("Proof"). Only reads. */
export function checkDatabase(
  database: Database,
  progress: (done: number, of: number) => void = () => {},
): Promise<DatabaseCheck> {
  return database.read(async (reader) => {
    const tables = await findTableProblems(reader);
    const problems = tables.map(({ problem, subject }) => `${problem}: ${subject}`);
    const roomNids = await readRoomNids(reader);
    let snapshots = 0;
    for (const [index, roomNid] of roomNids.entries()) {
      snapshots += await checkRoom(reader, roomNid, database.snapshotKey, problems);
      progress(index + 1, roomNids.length);
    }
    return {
      events: await readEventCount(reader),
      rooms: roomNids.length,
      snapshots,
      problems,
    };
  });
}

/** Adds a room's problems, and returns how many snapshots it has. */
async function checkRoom(
  reader: Reader,
  roomNid: number,
  key: Uint8Array,
  problems: string[],
): Promise<number> {
  const head = await readRoomHead(reader, roomNid);
  if (head === undefined) {
    problems.push(`room ${roomNid} has a head and no version`);
    return 0;
  }
  const current = await readCurrentState(reader, roomNid);
  if (!sameState(current, await readSnapshot(reader, head.snapshot.nid))) {
    problems.push(`room ${roomNid}: the current state differs from the head's snapshot`);
  }
  await checkExtremities(reader, roomNid, head.extremities, current, problems);
  const hashes = await readSnapshotHashes(reader, roomNid);
  for (const { snapshot_nid: nid, hash } of hashes) {
    const state = await readSnapshot(reader, nid);
    let sum = 0;
    for (const [keyNid, eventNid] of state)
      sum = (sum + hashPair(key, keyNid, eventNid)) % HASH_BITS;
    if (sum !== hash) problems.push(`snapshot ${nid} of room ${roomNid} does not match its hash`);
  }
  return hashes.length;
}

/** With one extremity the current state is the state after it; with more, resolution has decided. */
async function checkExtremities(
  reader: Reader,
  roomNid: number,
  extremities: readonly { readonly event_nid: number }[],
  current: ReadonlyMap<number, number>,
  problems: string[],
): Promise<void> {
  const [only, ...others] = extremities;
  if (only === undefined) problems.push(`room ${roomNid} has no forward extremity`);
  if (only === undefined || others.length > 0) return;
  const row = await readEvent(reader, only.event_nid);
  if (row === undefined) return;
  const state = await readSnapshot(reader, row.state_before ?? 0);
  if (row.state_key_nid !== null) state.set(row.state_key_nid, row.event_nid);
  if (!sameState(state, current)) {
    problems.push(`room ${roomNid}: the current state is not that after its last event`);
  }
}

function sameState(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, eventNid] of a) if (b.get(key) !== eventNid) return false;
  return true;
}
