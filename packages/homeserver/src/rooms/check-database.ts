import { compactState, roomVersion } from '@soma/protocol';
import type { CompactState } from '@soma/protocol';

import { verifySignature } from '../federation-client/keys/verify-signature.ts';
import type { Database } from '../storage/database.ts';
import { internedNames } from '../storage/names-store.ts';
import {
  findTableProblems,
  readEventCount,
  readRoomNids,
  readSnapshotHashes,
} from './consistency-store.ts';
import { resolveRoomState } from './inbound/resolve-room-state.ts';
import type { ResolutionContext } from './inbound/resolve-room-state.ts';
import { differencesOf } from './inbound/states.ts';
import { findMemberProblems } from './member-consistency-store.ts';
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
  const { stateKeys } = internedNames(database, 0);
  return database.read(async (reader) => {
    const context = { reader, stateKeys, verify: verifySignature };
    const tables = [...(await findTableProblems(reader)), ...(await findMemberProblems(reader))];
    const problems = tables.map(({ problem, subject }) => `${problem}: ${subject}`);
    const roomNids = await readRoomNids(reader);
    let snapshots = 0;
    for (const [index, roomNid] of roomNids.entries()) {
      snapshots += await checkRoom(context, roomNid, database.snapshotKey, problems);
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
  context: ResolutionContext,
  roomNid: number,
  key: Uint8Array,
  problems: string[],
): Promise<number> {
  const { reader } = context;
  const head = await readRoomHead(reader, roomNid);
  if (head === undefined) {
    problems.push(`room ${roomNid} has a head and no version`);
    return 0;
  }
  const current = await readCurrentState(reader, roomNid);
  if (!sameState(current, await readSnapshot(reader, head.snapshot.nid))) {
    problems.push(`room ${roomNid}: the current state differs from the head's snapshot`);
  }
  await checkExtremities(context, { roomNid, ...head }, current, problems);
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

interface CheckedHead {
  readonly roomNid: number;
  readonly version: string;
  readonly extremities: readonly { readonly state_after: number }[];
}

/** The current state is what resolves of the states after the extremities. */
async function checkExtremities(
  context: ResolutionContext,
  { roomNid, version: versionId, extremities }: CheckedHead,
  current: ReadonlyMap<number, number>,
  problems: string[],
): Promise<void> {
  if (extremities.length === 0) problems.push(`room ${roomNid} has no forward extremity`);
  const version = roomVersion(versionId);
  if (extremities.length === 0 || version === undefined) return;
  const states: CompactState[] = [];
  for (const nid of new Set(extremities.map((one) => one.state_after))) {
    states.push(compactState(await readSnapshot(context.reader, nid)));
  }
  const state = await resolveRoomState(context, { roomNid, version }, states);
  if (differencesOf(state, compactState(current)).length > 0) {
    problems.push(`room ${roomNid}: the current state is not that after its last events`);
  }
}

function sameState(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, eventNid] of a) if (b.get(key) !== eventNid) return false;
  return true;
}
