import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { isDeeperThan } from './is-deeper-than.ts';

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test('the depth that is scanned is the depth of the value', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const depth = depthOf(value);
      const text = Buffer.from(JSON.stringify(value));
      assert.equal(isDeeperThan(text, depth), false);
      if (depth > 0) assert.equal(isDeeperThan(text, depth - 1), true);
    }),
    { numRuns: 200 },
  );
});
