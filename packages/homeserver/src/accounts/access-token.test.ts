import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';

import { hashOfToken, newAccessToken, randomLetters } from './access-token.ts';

const BASE62 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

function numberOf(base62: string): number {
  return [...base62].reduce((sum, digit) => sum * 62 + BASE62.indexOf(digit), 0);
}

test('a token tells the localpart and carries its own checksum', () => {
  for (const localpart of ['alice', 'a', 'bob.smith-1/2+3=4_5', '12']) {
    const token = newAccessToken(localpart);
    const found = /^(syt_([A-Za-z0-9_-]+?)_([A-Za-z]{20}))_([0-9A-Za-z]{6})$/.exec(token);
    assert.ok(found !== null, token);
    assert.equal(Buffer.from(found[2] ?? '', 'base64url').toString(), localpart);
    assert.equal(numberOf(found[4] ?? ''), crc32(found[1] ?? ''));
  }
});

test('no two tokens are the same, and each is stored as 32 other bytes', () => {
  const tokens = Array.from({ length: 50 }, () => newAccessToken('alice'));
  assert.equal(new Set(tokens).size, 50);
  const hashes = tokens.map((token) => Buffer.from(hashOfToken(token)).toString('hex'));
  assert.equal(new Set(hashes).size, 50);
  assert.match(hashes[0] ?? '', /^[0-9a-f]{64}$/);
});

test('letters come from the alphabet that is given', () => {
  assert.match(randomLetters(200, 'AB'), /^(?=.*A)(?=.*B)[AB]{200}$/);
});
