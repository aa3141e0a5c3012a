import { numberAt, numberUnder } from './number-at.ts';
import type { CompactState, Resolution, StateSet } from './types.ts';

/**
 * A set of state with its keys in ascending order; one that is compact already is returned as it is.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { compactState } from '@soma/protocol';
 *
 * const { keyNids, eventNids } = compactState(new Map([[7, 70], [2, 20]]));
 * assert.deepEqual([[...keyNids], [...eventNids]], [[2, 7], [20, 70]]);
 * ```
 */
export function compactState(state: StateSet): CompactState {
  if ('keyNids' in state) return state;
  const keyNids = Float64Array.from(state.keys()).sort();
  return { keyNids, eventNids: keyNids.map((keyNid) => numberUnder(state, keyNid)) };
}

/** The event under a key of a compact state, in log n steps. */
export function eventUnder(
  { keyNids, eventNids }: CompactState,
  keyNid: number,
): number | undefined {
  let low = 0;
  let high = keyNids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numberAt(keyNids, middle) < keyNid) low = middle + 1;
    else high = middle;
  }
  return keyNids[low] === keyNid ? eventNids[low] : undefined;
}

/**
 * A resolution as one set of state.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { resolvedState } from '@soma/protocol';
 *
 * const unconflicted = { keyNids: [1, 3], eventNids: [10, 30] };
 * const { keyNids } = resolvedState({ unconflicted, resolved: new Map([[2, 20]]), missing: [] });
 * assert.deepEqual([...keyNids], [1, 2, 3]);
 * ```
 */
export function resolvedState({ unconflicted, resolved }: Resolution): CompactState {
  const added = compactState(resolved);
  const length = unconflicted.keyNids.length + added.keyNids.length;
  const keyNids = new Float64Array(length);
  const eventNids = new Float64Array(length);
  let taken = 0;
  for (let index = 0; index < length; index++) {
    const nextAdded = added.keyNids[index - taken] ?? Infinity;
    const isAdded = nextAdded < (unconflicted.keyNids[taken] ?? Infinity);
    const from = isAdded ? added : unconflicted;
    const place = isAdded ? index - taken : taken++;
    keyNids[index] = numberAt(from.keyNids, place);
    eventNids[index] = numberAt(from.eventNids, place);
  }
  return { keyNids, eventNids };
}
