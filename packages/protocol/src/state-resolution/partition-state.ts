import { numberAt } from './number-at.ts';
import type { CompactState, PartitionedState } from './types.ts';

/**
 * Splits sets of state (spec: Room Version 2, "Unconflicted state map and conflicted state set"): one pass over the
 * sorted keys of all sets.
 */
export function partitionState(sets: readonly CompactState[]): PartitionedState {
  const shared = newState(sets[0]?.keyNids.length ?? 0);
  const conflicts = new Map<number, readonly number[]>();
  const conflictedBySet: number[][] = sets.map(() => []);
  const next = new Int32Array(sets.length);
  let sharedCount = 0;
  for (;;) {
    sharedCount = takeShared(sets, next, shared, sharedCount);
    const keyNid = lowestKey(sets, next);
    if (keyNid === undefined) break;
    conflicts.set(keyNid, takeEntries(sets, next, keyNid, conflictedBySet));
  }
  return {
    unconflicted: {
      keyNids: shared.keyNids.subarray(0, sharedCount),
      eventNids: shared.eventNids.subarray(0, sharedCount),
    },
    conflicts,
    conflictedBySet,
  };
}

function newState(length: number) {
  return { keyNids: new Float64Array(length), eventNids: new Float64Array(length) };
}

// Copies the run of entries that all sets share from where they stand, and moves them past it.
function takeShared(
  sets: readonly CompactState[],
  next: Int32Array,
  shared: ReturnType<typeof newState>,
  sharedCount: number,
): number {
  let count = sharedCount;
  const [first] = sets;
  if (first === undefined) return count;
  const start = numberAt(next, 0);
  const lengthMax = first.keyNids.length - start;
  let length = 0;
  while (length < lengthMax && standAtOneEntry(sets, next, length)) {
    shared.keyNids[count] = numberAt(first.keyNids, start + length);
    shared.eventNids[count] = numberAt(first.eventNids, start + length);
    length++;
    count++;
  }
  for (let set = 0; set < sets.length; set++) next[set] = numberAt(next, set) + length;
  return count;
}

function standAtOneEntry(sets: readonly CompactState[], next: Int32Array, offset: number): boolean {
  const [first] = sets;
  const placeInFirst = numberAt(next, 0) + offset;
  for (let set = 1; set < sets.length; set++) {
    const place = numberAt(next, set) + offset;
    if (sets[set]?.keyNids[place] !== first?.keyNids[placeInFirst]) return false;
    if (sets[set]?.eventNids[place] !== first?.eventNids[placeInFirst]) return false;
  }
  return true;
}

function lowestKey(sets: readonly CompactState[], next: Int32Array): number | undefined {
  let lowest: number | undefined;
  for (let set = 0; set < sets.length; set++) {
    const keyNid = sets[set]?.keyNids[numberAt(next, set)];
    if (keyNid !== undefined && (lowest === undefined || keyNid < lowest)) lowest = keyNid;
  }
  return lowest;
}

// The distinct events under a key; every set that has it is moved past it.
function takeEntries(
  sets: readonly CompactState[],
  next: Int32Array,
  keyNid: number,
  conflictedBySet: number[][],
): number[] {
  const events = new Set<number>();
  for (let set = 0; set < sets.length; set++) {
    const place = numberAt(next, set);
    const state = sets[set];
    const eventNid = state?.eventNids[place];
    if (state?.keyNids[place] !== keyNid || eventNid === undefined) continue;
    events.add(eventNid);
    conflictedBySet[set]?.push(eventNid);
    next[set] = place + 1;
  }
  return [...events];
}
