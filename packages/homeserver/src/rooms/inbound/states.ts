import { LRUCache } from 'lru-cache';

import { compactState } from '@soma/protocol';
import type { CompactState } from '@soma/protocol';

import type { Database } from '../../storage/database.ts';
import { othersTurn } from '../../streams/turns.ts';
import type { PairChange } from '../state-hash.ts';
import { readSnapshotPath, readSnapshotPiece } from '../state-store.ts';

/** Entries of state that are kept in memory, 16 bytes each: a few of the largest rooms, or thousands of usual ones. */
const ENTRIES_MAX = 1_000_000;
/** Rows that are read at once: other requests wait while SQLite reads. */
const PIECE_ROWS = 2_000;

/** Whole states by snapshot. They never change once they are committed. */
export class States {
  readonly #database: Database;
  readonly #known = new LRUCache<number, CompactState>({
    maxSize: ENTRIES_MAX,
    sizeCalculation: (state) => state.keyNids.length + 1,
  });

  constructor(database: Database) {
    this.#database = database;
  }

  async read(snapshotNid: number): Promise<CompactState> {
    const known = this.#known.get(snapshotNid);
    if (known !== undefined) return known;
    const { reader } = this.#database;
    const state = new Map<number, number>();
    const { path } = await readSnapshotPath(reader, snapshotNid);
    for (const { nid } of path) {
      for (let above = 0, rows = PIECE_ROWS; rows === PIECE_ROWS;) {
        const piece = await readSnapshotPiece(reader, nid, above, PIECE_ROWS);
        for (const [stateKeyNid, eventNid] of piece) {
          if (eventNid === null) state.delete(stateKeyNid);
          else state.set(stateKeyNid, eventNid);
          above = stateKeyNid;
        }
        rows = piece.length;
        if (rows === PIECE_ROWS) await othersTurn();
      }
    }
    const compact = compactState(state);
    this.#known.set(snapshotNid, compact);
    return compact;
  }
}

/** Where two states differ, by ascending key. */
export function differencesOf(before: CompactState, after: CompactState): PairChange[] {
  const changes: PairChange[] = [];
  let left = 0;
  let right = 0;
  for (;;) {
    const keyBefore = before.keyNids[left] ?? Infinity;
    const keyAfter = after.keyNids[right] ?? Infinity;
    const stateKeyNid = Math.min(keyBefore, keyAfter);
    if (stateKeyNid === Infinity) return changes;
    const removed = keyBefore === stateKeyNid ? before.eventNids[left++] : undefined;
    const added = keyAfter === stateKeyNid ? after.eventNids[right++] : undefined;
    if (removed !== added) changes.push({ stateKeyNid, before: removed, after: added });
  }
}

/** The event under a key. */
export function eventAt(state: CompactState, stateKeyNid: number): number | undefined {
  const index = placeOf(state, stateKeyNid);
  return state.keyNids[index] === stateKeyNid ? state.eventNids[index] : undefined;
}

/** The place of a key among those of the state, or the one that it would have. */
function placeOf({ keyNids }: CompactState, stateKeyNid: number): number {
  let low = 0;
  let high = keyNids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keyNids[middle] ?? Infinity) < stateKeyNid) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A state with one entry set. */
export function withEntry(
  state: CompactState,
  stateKeyNid: number,
  eventNid: number,
): CompactState {
  const index = placeOf(state, stateKeyNid);
  const replaced = state.keyNids[index] === stateKeyNid ? 1 : 0;
  const keyNids = new Float64Array(state.keyNids.length + 1 - replaced);
  const eventNids = new Float64Array(keyNids.length);
  for (const [target, source, value] of [
    [keyNids, state.keyNids, stateKeyNid],
    [eventNids, state.eventNids, eventNid],
  ] as const) {
    target.set(source.slice(0, index));
    target[index] = value;
    target.set(source.slice(index + replaced), index + 1);
  }
  return { keyNids, eventNids };
}
