import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { knownVersion } from '../../testing/room-versions.ts';
import { randomStates } from '../../testing/state-resolution/random-states.ts';
import { AuthChainIndex } from './auth-chain-index.ts';
import type { AuthChainEntry } from './auth-chain-index.ts';
import { compactState } from './compact-state.ts';
import { partitionState } from './partition-state.ts';
import { resolveStateNow } from './resolve-state.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const version = knownVersion('12');

/** Events by number: each with its state key and its auth events. */
function indexOf(events: readonly (readonly [stateKeyNid: number, ...authEventNids: number[]])[]) {
  const index = new AuthChainIndex();
  const entries = events.map(([stateKeyNid, ...authEventNids], nid) =>
    index.add({ nid, stateKeyNid, authEventNids }),
  );
  return { index, entries };
}

test('an event continues the chain of the event that it follows under the same key', () => {
  const { entries } = indexOf([[1], [2, 0], [2, 0, 1], [2, 0, 1]]);
  const position = { eventNid: 2, stateKeyNid: 2, chain: 1, sequence: 2, links: [] };
  // What the chain leads to already needs no link again.
  assert.deepEqual(entries[2], position);
  assert.deepEqual(entries[1]?.links, [{ chain: 0, sequence: 1 }]);
  // The end of the chain is taken, so another one begins.
  assert.equal(entries[3]?.chain, 2);
});

test('an event is refused before its auth events, and a second time', () => {
  const { index, entries } = indexOf([[1], [2, 7], [3, 2]]);
  assert.deepEqual([entries[1], entries[2]], [undefined, undefined]);
  assert.equal(index.add({ nid: 0, stateKeyNid: 1, authEventNids: [] }), undefined);
  assert.deepEqual(index.subgraph([0]), [0]);
  assert.equal(index.subgraph([0, 1]), undefined);
});

test('an index made again of its entries answers the same', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const { room, states } = randomStates(seed, version, 40);
      const question = room.question(states);
      const entries: AuthChainEntry[] = [];
      const first = new AuthChainIndex();
      const nids = Array.from({ length: room.size }, (_, nid) => nid + 1);
      for (const event of room.source.events(nids)) {
        const entry = event === undefined ? undefined : first.add(event);
        if (entry !== undefined) entries.push(entry);
      }
      const second = new AuthChainIndex();
      for (const entry of entries) second.restore(entry);
      assert.deepEqual(
        resolveStateNow({ ...question, authChains: second }, room.source),
        resolveStateNow(question, room.source),
      );
    }),
    { numRuns: 50 },
  );
});

test('entries in another order are refused', () => {
  const { entries } = indexOf([[1], [2, 0], [2, 1]]);
  const [create, first, second] = entries;
  assert.ok(create !== undefined && first !== undefined && second !== undefined);
  assert.throws(() => new AuthChainIndex().restore(first), RangeError);
  assert.throws(() => new AuthChainIndex().restore(second), RangeError);
  const index = new AuthChainIndex();
  index.restore(create);
  assert.throws(() => index.restore(second), RangeError);
  const ahead = { ...first, links: [{ chain: 0, sequence: 2 }] };
  assert.throws(() => index.restore(ahead), RangeError);
});

test('what the index does not cover, it does not answer', () => {
  const { index } = indexOf([[1], [2, 0], [3, 0], [2, 1]]);
  const states = (shared: number, conflicted: number) =>
    partitionState(
      [
        new Map([
          [1, shared],
          [2, conflicted],
        ]),
        new Map([[1, shared]]),
      ].map(compactState),
    );
  assert.equal(index.difference(states(0, 9)), undefined);
  assert.equal(index.subgraph([0, 9]), undefined);
  // Only when something is left in the difference do the shared events matter.
  assert.deepEqual(index.difference(states(0, 3)), [1]);
  assert.equal(index.difference(states(9, 3)), undefined);
});
