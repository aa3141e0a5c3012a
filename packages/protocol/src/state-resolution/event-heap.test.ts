import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { EventHeap } from './event-heap.ts';
import { numberAt, numberUnder } from './number-at.ts';

test('the smallest integer comes out first', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), fc.array(fc.nat(50)), (first, second) => {
      const heap = new EventHeap();
      for (const rank of first) heap.push(rank);
      const smallest = first.length === 0 ? [] : [heap.pop()];
      for (const rank of second) heap.push(rank);
      const rest: (number | undefined)[] = [];
      for (let rank = heap.pop(); rank !== undefined; rank = heap.pop()) rest.push(rank);
      const inOrder = first.toSorted((a, b) => a - b);
      assert.deepEqual(smallest, inOrder.slice(0, 1));
      assert.deepEqual(
        rest,
        [...inOrder.slice(1), ...second].toSorted((a, b) => a - b),
      );
    }),
  );
});

test('outside of a list or map there is nothing but zero', () => {
  assert.equal(numberAt(Int32Array.of(7), 0), 7);
  assert.equal(numberAt([7], 1), 0);
  assert.equal(numberUnder(new Map([['a', 7]]), 'a'), 7);
  assert.equal(numberUnder(new Map([['a', 7]]), 'b'), 0);
});
