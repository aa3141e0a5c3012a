import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { MatrixError } from '../errors/matrix-error.ts';
import { formatHistoryToken, parsePaginationToken } from './pagination-token.ts';

test('a place in history comes back from its token', () => {
  const place = fc.record({ depth: fc.maxSafeNat(), order: fc.maxSafeInteger() });
  fc.assert(
    fc.property(place, (wanted) => {
      const parsed = parsePaginationToken('from', formatHistoryToken(wanted));
      assert.deepEqual(parsed, { kind: 'history', place: { ...wanted, order: wanted.order + 0 } });
    }),
  );
});

test('a token of /sync is a live position', () => {
  for (const token of ['s1_0a1b2c_42', 's1_0a1b2c_42_ffff-3']) {
    assert.deepEqual(parsePaginationToken('from', token), { kind: 'live', position: 42 });
  }
});

for (const token of [
  '',
  't',
  't1',
  't1_',
  't-1_2',
  't1_2 ',
  't1.5_2',
  's1_xyz_1',
  's2_ab_1',
  's1_ab_',
]) {
  test(`${JSON.stringify(token)} is refused by the name of its parameter`, () => {
    assert.throws(
      () => parsePaginationToken('to', token),
      (error) =>
        error instanceof MatrixError &&
        error.errcode === 'M_INVALID_PARAM' &&
        error.message.startsWith('to '),
    );
  });
}

test('any text is a place or is refused', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (token) => {
      try {
        parsePaginationToken('from', token);
      } catch (error) {
        return error instanceof MatrixError;
      }
      return true;
    }),
  );
});
