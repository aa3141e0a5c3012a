import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { canonicalJson } from './canonical-json.ts';
import { formatXMatrix, parseXMatrix, signedRequestText } from './x-matrix.ts';

const wanted = {
  origin: 'origin.hs.example.com',
  destination: 'destination.hs.example.com',
  keyId: 'ed25519:key1',
  signature: 'ABC/+def',
};

test('the form that servers send is read, and written', () => {
  const header =
    'X-Matrix origin="origin.hs.example.com",destination="destination.hs.example.com",key="ed25519:key1",sig="ABC/+def"';
  assert.deepEqual(parseXMatrix(header), wanted);
  assert.equal(formatXMatrix(wanted), header);
});

test('what the grammar allows is read', () => {
  for (const header of [
    // No quotes, also around colons and base64; other order and case; spaces and tabs.
    'x-matrix origin=origin.hs.example.com,destination=destination.hs.example.com,key=ed25519:key1,sig=ABC/+def',
    'X-MATRIX   SIG="ABC/+def" ,\tKey=ed25519:key1 , Destination=destination.hs.example.com,ORIGIN="origin.hs.example.com"',
    'X-Matrix origin = origin.hs.example.com, destination="destination.hs.example.com", key="ed25519:key1", signature="ABC/+def"',
    // Escapes, unknown parameters, empty elements.
    String.raw`X-Matrix origin="origin.hs.e\xample.com",destination="destination.hs.example.com",key="ed25519\:key1",sig="ABC/+def",future="a,\"b=c"`,
    'X-Matrix ,origin=origin.hs.example.com,,destination=destination.hs.example.com, ,key=ed25519:key1,sig=ABC/+def,',
  ]) {
    assert.deepEqual(parseXMatrix(header), wanted, header);
  }
});

test('a destination may be left out, and an IPv6 origin has its brackets in quotes', () => {
  const header = 'X-Matrix origin="[::1]:8448",key="ed25519:1",sig="A=="';
  assert.deepEqual(parseXMatrix(header), {
    origin: '[::1]:8448',
    destination: undefined,
    keyId: 'ed25519:1',
    signature: 'A==',
  });
});

test('what is malformed, incomplete or ambiguous is refused', () => {
  for (const header of [
    '',
    'X-Matrix',
    'X-Matrix ',
    'Bearer token',
    'X-Matrixorigin=a,key=b,sig=c',
    'X-Matrix origin=a,key=b',
    'X-Matrix origin=a,sig=c',
    'X-Matrix key=b,sig=c',
    'X-Matrix origin=a,origin=b,key=b,sig=c',
    'X-Matrix origin="a,key=b,sig=c',
    'X-Matrix origin="a"x,key=b,sig=c',
    'X-Matrix origin=a key=b sig=c',
    'X-Matrix origin=,key=b,sig=c',
    'X-Matrix origin=a;key=b;sig=c',
    String.raw`X-Matrix origin=a,key=b,sig="c\"`,
  ]) {
    assert.equal(parseXMatrix(header), undefined, header);
  }
});

test('what is written is read back, whatever is in it', () => {
  const value = fc.string();
  fc.assert(
    fc.property(
      value,
      fc.option(value, { nil: undefined }),
      value,
      value,
      (origin, destination, keyId, signature) => {
        const header = { origin, destination, keyId, signature };
        assert.deepEqual(parseXMatrix(formatXMatrix(header)), header);
      },
    ),
  );
});

test('hostile headers never throw, and take no time', () => {
  const fragment = fc.constantFrom('X-Matrix ', 'origin', '=', '"', '\\', ',', ' ', '\t', 'a', ':');
  const hostile = fc.array(fc.oneof(fragment, fc.string()), { maxLength: 60 });
  fc.assert(
    fc.property(hostile, (parts) => {
      parseXMatrix(`X-Matrix ${parts.join('')}`);
      parseXMatrix(parts.join(''));
    }),
  );
  for (const part of [' ', '\\', '"', ',', '=', 'a', 'a=', 'a="', '\t,', 'a=b ']) {
    parseXMatrix(`X-Matrix ${part.repeat(20_000)}`);
  }
});

test('a signature covers the canonical JSON of the request', () => {
  const request = { method: 'PUT', uri: '/_matrix/x?y=%20', origin: 'a', destination: 'b' };
  const content = { z: 1, a: ['é'] };
  assert.equal(signedRequestText(request, content), canonicalJson({ ...request, content }));
  assert.equal(signedRequestText(request, undefined), canonicalJson(request));
});
