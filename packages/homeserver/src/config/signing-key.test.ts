import assert from 'node:assert/strict';
import { verify } from 'node:crypto';
import { test } from 'node:test';

import { generateSigningKeyLine, parseSigningKeys } from './signing-key.ts';

const SEED = 'YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1';

test('signs as in the test vectors of the specification', () => {
  const [key] = parseSigningKeys(`ed25519 1 ${SEED}\n`);
  assert.equal(key.keyId, 'ed25519:1');
  assert.equal(
    key.sign('{}'),
    'K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ',
  );
});

test('reads several keys, with padding and empty lines, in their order', () => {
  const keys = parseSigningKeys(`\ned25519 a_new ${SEED}=\r\n\ned25519 a_old ${SEED}\n`);
  assert.deepEqual(
    keys.map(({ keyId }) => keyId),
    ['ed25519:a_new', 'ed25519:a_old'],
  );
});

test('makes a key that is read back, and whose public half fits its signatures', () => {
  const line = generateSigningKeyLine();
  assert.match(line, /^ed25519 a_[A-Za-z]{4} [A-Za-z0-9+/]{43}$/);
  assert.notEqual(line, generateSigningKeyLine());
  const [key] = parseSigningKeys(line);
  const signature = Buffer.from(key.sign('ünïcode'), 'base64');
  const publicKey = {
    key: { kty: 'OKP', crv: 'Ed25519', x: toBase64Url(key.publicKeyBase64) },
    format: 'jwk' as const,
  };
  assert.ok(verify(null, Buffer.from('ünïcode'), publicKey, signature));
});

for (const [content, message] of [
  ['', /^no key$/],
  ['ed25519 a_abcd', /^line 1 with fewer than three words$/],
  [`ed25519 a_abcd ${SEED} more`, /^line 1 with more than three words$/],
  [`rsa a_abcd ${SEED}`, /^line 1 with another algorithm/],
  [`ed25519 a-b ${SEED}`, /^line 1 with a version of other characters/],
  [`ed25519 a_abcd ${SEED}\ned25519 a_b c2hvcnQ`, /^line 2 with a seed that is not 32 bytes/],
  [`ed25519 a_abcd ${SEED.replace('9', '!')}`, /^line 1 with a seed that is not 32 bytes/],
] as const) {
  test(`refuses ${JSON.stringify(content)} without repeating it`, () => {
    assert.throws(
      () => parseSigningKeys(content),
      (error: Error) => message.test(error.message) && !error.message.includes(SEED),
    );
  });
}

function toBase64Url(base64: string): string {
  return Buffer.from(base64, 'base64').toString('base64url');
}
