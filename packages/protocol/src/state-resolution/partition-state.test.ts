import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { compactState, eventUnder, resolvedState } from './compact-state.ts';
import { partitionState } from './partition-state.ts';
import type { CompactState } from './types.ts';

const entries = fc.array(fc.tuple(fc.nat(30), fc.nat(3)), { maxLength: 25 });
const stateMap = entries.map((pairs) => new Map(pairs));

function mapOf({ keyNids, eventNids }: CompactState): Map<number, number | undefined> {
  return new Map(Array.from(keyNids, (keyNid, index) => [keyNid, eventNids[index]]));
}

test('what all states have is shared, and the rest is in conflict', () => {
  fc.assert(
    fc.property(fc.array(stateMap, { maxLength: 5 }), (states) => {
      const { unconflicted, conflicts, conflictedBySet } = partitionState(states.map(compactState));
      const shared = mapOf(unconflicted);
      for (const [index, state] of states.entries()) {
        const inConflict: number[] = [];
        for (const keyNid of [...state.keys()].toSorted((a, b) => a - b)) {
          const eventNid = state.get(keyNid) ?? Number.NaN;
          const isShared = states.every((other) => other.get(keyNid) === eventNid);
          assert.equal(shared.get(keyNid), isShared ? eventNid : undefined);
          assert.equal(conflicts.get(keyNid)?.includes(eventNid) ?? false, !isShared);
          if (!isShared) inConflict.push(eventNid);
        }
        assert.deepEqual(conflictedBySet[index], inConflict);
      }
      for (const keyNid of [...shared.keys(), ...conflicts.keys()]) {
        assert.ok(states.some((state) => state.has(keyNid)));
      }
    }),
  );
});

test('a compact state is looked up and put together like a map', () => {
  fc.assert(
    fc.property(stateMap, stateMap, fc.nat(31), (all, chosen, keyNid) => {
      const state = compactState(all);
      assert.deepEqual(mapOf(state), new Map([...all].toSorted(([a], [b]) => a - b)));
      assert.equal(eventUnder(state, keyNid), all.get(keyNid));
      assert.equal(compactState(state), state);
      const resolved = new Map([...chosen].filter(([key]) => !all.has(key)));
      const whole = resolvedState({ unconflicted: state, resolved, missing: [] });
      assert.deepEqual(mapOf(whole), new Map([...all, ...resolved].toSorted(([a], [b]) => a - b)));
    }),
  );
});
