import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { INVALID, Site } from './site.ts';
import type { Reporter } from './site.ts';
import { duration, size } from './units.ts';
import type { ValueType } from './value-type.ts';

const silent: Reporter = {
  problem: () => {},
  unread: () => {},
  warning: () => {},
  resolvePath: (path) => path,
  readFile: () => ({ failure: 'no such file' }),
  readYaml: () => ({ failure: 'no such file' }),
  createFile: () => {},
};

function read<T>(valueType: ValueType<T>, value: unknown): T | typeof INVALID {
  return valueType.read(value, new Site(silent, ['option']));
}

for (const [written, ms] of [
  [1500, 1500],
  ['1500', 1500],
  ['250ms', 250],
  ['2s', 2000],
  ['3m', 180_000],
  ['1h', 3_600_000],
  ['7d', 604_800_000],
  ['2w', 1_209_600_000],
  ['1y', 31_536_000_000],
  [0, 0],
] as const) {
  test(`the duration ${JSON.stringify(written)} is ${ms} ms`, () => {
    assert.equal(read(duration, written), ms);
  });
}

for (const [written, bytes] of [
  [1024, 1024],
  ['50', 50],
  ['10K', 10_240],
  ['50M', 52_428_800],
  ['2G', 2_147_483_648],
  ['1T', 1_099_511_627_776],
  ['87KiB', 89_088],
  ['500MiB', 524_288_000],
] as const) {
  test(`the size ${JSON.stringify(written)} is ${bytes}`, () => {
    assert.equal(read(size, written), bytes);
  });
}

for (const written of [
  '',
  '5 minutes',
  '1.5h',
  '-3s',
  -3,
  1.5,
  '5 m',
  's',
  true,
  null,
  [5],
  '9y'.repeat(9),
]) {
  test(`the duration ${JSON.stringify(written)} is refused`, () => {
    assert.equal(read(duration, written), INVALID);
  });
}

for (const written of ['10k', '10P', '1.5M', '-1', -1, 'M', {}, '10 M']) {
  test(`the size ${JSON.stringify(written)} is refused`, () => {
    assert.equal(read(size, written), INVALID);
  });
}

test('a number means the same with and without quotes', () => {
  fc.assert(
    fc.property(fc.nat(), (amount) => {
      assert.equal(read(duration, amount), read(duration, String(amount)));
      assert.equal(read(size, amount), read(size, String(amount)));
    }),
    { numRuns: 50 },
  );
});
