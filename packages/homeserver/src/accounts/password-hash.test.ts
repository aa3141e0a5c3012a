import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hash as bcrypt } from '@node-rs/bcrypt';

import { hashPassword, verifyPassword } from './password-hash.ts';

const NO_PEPPER = { pepper: '' };

/** A small cost: what is tested here does not depend on it. */
const BCRYPT = { cost: 4 };

test('a hash is argon2id in PHC form, salted, and fits its password alone', async () => {
  const stored = await hashPassword('correct horse', NO_PEPPER);
  assert.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  assert.notEqual(stored, await hashPassword('correct horse', NO_PEPPER));
  assert.ok(await verifyPassword('correct horse', stored, NO_PEPPER));
  assert.ok(!(await verifyPassword('correct horsf', stored, NO_PEPPER)));
});

test('a hash of the reference implementation of argon2 is read', async () => {
  const stored =
    '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
  assert.ok(await verifyPassword('password', stored, NO_PEPPER));
  assert.ok(!(await verifyPassword('Password', stored, NO_PEPPER)));
});

test('a published hash of bcrypt is read', async () => {
  const stored = '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW';
  assert.ok(await verifyPassword('U*U', stored, NO_PEPPER));
  assert.ok(!(await verifyPassword('U*V', stored, NO_PEPPER)));
});

test('the pepper counts, and stands after the password as with Synapse', async () => {
  const pepper = { pepper: 'salt and' };
  const ours = await hashPassword('pass', pepper);
  assert.ok(await verifyPassword('pass', ours, pepper));
  assert.ok(!(await verifyPassword('pass', ours, NO_PEPPER)));
  const synapse = await bcrypt('passsalt and', BCRYPT);
  assert.ok(await verifyPassword('pass', synapse, pepper));
});

test('the two ways to write a letter are one password', async () => {
  const composed = 'caf\u00e9 \u2460';
  const decomposed = 'cafe\u0301 1';
  const ours = await hashPassword(composed, NO_PEPPER);
  assert.ok(await verifyPassword(decomposed, ours, NO_PEPPER));
  const synapse = await bcrypt(composed.normalize('NFKC'), BCRYPT);
  assert.ok(await verifyPassword(decomposed, synapse, NO_PEPPER));
});

for (const stored of [
  '',
  'plain',
  '$2b$12$short',
  '$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  '$argon2id$v=19$m=4,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  '$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
  '$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
]) {
  test(`nothing fits ${JSON.stringify(stored)}`, async () => {
    assert.equal(await verifyPassword('plain', stored, NO_PEPPER), false);
    assert.equal(await verifyPassword('', stored, NO_PEPPER), false);
  });
}
