import assert from 'node:assert/strict';
import { test } from 'node:test';

import { countTotals, describeFile, describeRun } from './report.ts';
import type { FileResult } from './run-test-file.ts';

const result: FileResult = {
  file: 'a.test.ts',
  records: [
    { path: ['store (sqlite)', 'writes'], outcome: 'passed', detail: '' },
    { path: ['store (postgres)', 'writes'], outcome: 'failed', detail: 'Error: boom' },
    { path: ['pure'], outcome: 'passed', detail: '' },
    { path: ['postgres'], outcome: 'skipped', detail: 'no server' },
  ],
  durationMs: 1234,
  output: 'a log line\n',
  problem: undefined,
};

test('the run ends with the tests per engine and the totals, alone on the last line', () => {
  const lines = describeRun([result]).trimEnd().split('\n');
  assert.deepEqual(lines.slice(1), [
    'failed: a.test.ts: store (postgres) > writes',
    'skipped 1: no server',
    '1 test on sqlite, 1 test on postgres, 1 that need no engine',
    '2 passed, 1 failed, 1 skipped',
  ]);
});

test('a failing file shows the error and the output, a passing one neither', () => {
  assert.match(
    describeFile(result),
    /^FAIL a\.test\.ts {2}4 tests {2}1\.2 s\n[^]*boom[^]*a log line/,
  );
  const passing = { ...result, records: result.records.slice(0, 1) };
  assert.equal(describeFile(passing), 'ok   a.test.ts  1 test  1.2 s\n');
});

test('a file with a problem of its own counts as a failure', () => {
  const broken = { ...result, records: [], problem: 'holds no test' };
  assert.deepEqual(countTotals([broken]), { passed: 0, failed: 1, skipped: 0 });
});
