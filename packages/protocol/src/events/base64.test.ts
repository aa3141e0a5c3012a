import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import {
  decodeBase64,
  encodeBase64,
  encodeUrlSafeBase64,
  stripPadding,
  toUrlSafeBase64,
} from './base64.ts';

// The vectors of the spec's appendix "Unpadded Base64".
const VECTORS: Record<string, string> = {
  '': '',
  f: 'Zg',
  fo: 'Zm8',
  foo: 'Zm9v',
  foob: 'Zm9vYg',
  fooba: 'Zm9vYmE',
  foobar: 'Zm9vYmFy',
};

for (const [text, base64] of Object.entries(VECTORS)) {
  test(`"${text}" is ${base64}`, () => {
    const bytes = new TextEncoder().encode(text);
    assert.equal(encodeBase64(bytes), base64);
    assert.deepEqual(decodeBase64(base64), bytes);
  });
}

test('agrees with node on any bytes, in both alphabets, padded or not', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
      const padded = Buffer.from(bytes).toString('base64');
      const urlSafe = Buffer.from(bytes).toString('base64url');
      assert.equal(encodeBase64(bytes), stripPadding(padded));
      assert.equal(encodeUrlSafeBase64(bytes), urlSafe);
      assert.equal(toUrlSafeBase64(padded), urlSafe);
      for (const text of [padded, stripPadding(padded), urlSafe]) {
        assert.deepEqual(decodeBase64(text), Uint8Array.from(bytes));
      }
    }),
  );
});

test('what is not base64 has no bytes', () => {
  for (const text of ['a', 'abcde', 'ab c', 'ab=c', 'ä', 'a\u0100bc', '!!!!']) {
    assert.equal(decodeBase64(text), undefined, text);
  }
});
