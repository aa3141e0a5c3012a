import assert from 'node:assert/strict';
import { test } from 'node:test';

import { canonicalEmail } from './canonical-email.ts';

test('addresses that differ in case alone are one', () => {
  assert.equal(canonicalEmail(' Alice@Example.ORG '), 'alice@example.org');
  assert.equal(canonicalEmail('STRASSE@example.org'), canonicalEmail('straße@example.org'));
  assert.equal(canonicalEmail('ΟΔΟΣ@example.org'), canonicalEmail('οδος@example.org'));
});

test('what is no address is refused', () => {
  const wrong = ['', 'alice', '@example.org', 'alice@', 'a@b@c', 'a b@c', 'a@b\nBcc: x', '<a@b>'];
  for (const text of [...wrong, 'a@b,c@d', `${'a'.repeat(600)}@b`]) {
    assert.throws(() => canonicalEmail(text), { errcode: 'M_INVALID_PARAM' }, text);
  }
});
