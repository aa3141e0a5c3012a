import assert from 'node:assert/strict';
import { test } from 'node:test';

import { rowStatements, rowsQuery } from './sql.ts';

const insert = rowsQuery('insert into pairs (a, b)', '(?, ?)', 'on conflict do nothing');

test('rows go into few statements, each in its place', () => {
  for (const count of [0, 1, 9, 10, 11, 99, 100, 101, 347]) {
    const rows = Array.from({ length: count }, (_, index) => [index, `row ${index}`]);
    const statements = rowStatements(insert, rows);
    assert.deepEqual(
      statements.flatMap(({ params }) => params),
      rows.flat(),
    );
    for (const { query, params } of statements) {
      assert.equal(query.text.match(/\(\?, \?\)/g)?.length, params.length / 2);
    }
    assert.ok(statements.length <= count / 100 + 18);
  }
});
