import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseLcov } from './lcov.ts';

test('a report of lcov is counted per file, and what was missed is named by line', () => {
  const report = [
    'SF:src/a.ts',
    'DA:1,2',
    'DA:2,0',
    'BRDA:1,0,0,1',
    'BRDA:3,1,0,0',
    'end_of_record',
    'SF:src/b.ts',
    'DA:1,1',
    'end_of_record',
    '',
  ].join('\n');
  assert.deepEqual(parseLcov(report), [
    {
      file: 'src/a.ts',
      lines: { total: 2, reached: 1 },
      branches: { total: 2, reached: 1 },
      missed: [2, 3],
    },
    {
      file: 'src/b.ts',
      lines: { total: 1, reached: 1 },
      branches: { total: 0, reached: 0 },
      missed: [],
    },
  ]);
});
