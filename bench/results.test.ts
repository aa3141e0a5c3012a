import assert from 'node:assert/strict';
import { test } from 'node:test';

import { spreadOf, toRows, type Sample } from './results.ts';

function sample(pair: number, server: 'soma' | 'bare', ratePerSecond: number): Sample {
  return { measure: 'sends', pair, server, figures: { ratePerSecond }, ratioWanted: 0.5 };
}

test('the spread has the middle value, or the mean of the two in the middle', () => {
  assert.deepEqual(spreadOf([3, 1, 10]), { median: 3, min: 1, max: 10 });
  assert.deepEqual(spreadOf([4, 1, 2, 9]), { median: 3, min: 1, max: 9 });
  assert.equal(spreadOf([]), undefined);
});

test('the ratio is the median of the ratios of the pairs', () => {
  const [row] = toRows([
    sample(0, 'soma', 500),
    sample(0, 'bare', 1000),
    sample(1, 'bare', 100),
    sample(1, 'soma', 90),
    sample(2, 'soma', 700),
    sample(2, 'bare', 1000),
  ]);
  assert.equal(row?.soma?.median, 500);
  assert.equal(row.bare?.median, 1000);
  assert.equal(row.ratio, 0.7);
  assert.equal(row.ratioWanted, 0.5);
});

test('a pair that one server lacks has no ratio, and a figure that is no number is left out', () => {
  const [row, ...others] = toRows([
    sample(0, 'soma', 500),
    sample(1, 'soma', Number.NaN),
    sample(1, 'bare', 100),
  ]);
  assert.equal(others.length, 0);
  assert.deepEqual(row?.soma, { median: 500, min: 500, max: 500 });
  assert.equal(row.ratio, undefined);
});
