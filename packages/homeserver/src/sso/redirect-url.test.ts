import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { isTrusted, parseRedirectUrl, shownAddress, withLoginToken } from './redirect-url.ts';

test('a token takes the place of others, and leaves the rest as it is', () => {
  for (const [address, expected] of [
    ['https://a.example/', 'https://a.example/?loginToken=t'],
    ['https://a.example/?x=%20y&x#z', 'https://a.example/?x=%20y&x&loginToken=t#z'],
    ['https://a.example/?loginToken=1&x=1&loginToken', 'https://a.example/?x=1&loginToken=t'],
    ['https://a.example/?login%54oken=1', 'https://a.example/?loginToken=t'],
    ['https://a.example/#/?loginToken=1', 'https://a.example/?loginToken=t#/?loginToken=1'],
    ['app.example:/back', 'app.example:/back?loginToken=t'],
  ] as const) {
    assert.equal(withLoginToken(address, 't'), expected);
  }
});

test('whatever the address, the client finds the token, and the site stays the same', () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (text) => {
      const address = parseRedirectUrl(text);
      const url = new URL(withLoginToken(address, 'the token'));
      assert.deepEqual(url.searchParams.getAll('loginToken'), ['the token']);
      assert.equal(url.origin, new URL(address).origin);
    }),
    { numRuns: 200 },
  );
});

test('an entry without a slash trusts its site and no other', () => {
  const list = ['https://chat.example.org', 'app.example:'];
  for (const address of [
    'https://chat.example.org/',
    'https://chat.example.org/x',
    'app.example:/',
  ]) {
    assert.ok(isTrusted(address, list), address);
  }
  for (const address of [
    'https://chat.example.org.evil.example/',
    'https://chat.example.org@evil.example/',
    'https://chat.example.org:8443/',
    'https://other.example/',
  ]) {
    assert.ok(!isTrusted(address, list), address);
  }
});

test('a person is shown the site, or the app', () => {
  assert.equal(shownAddress('https://chat.example.org/x?y#z'), 'chat.example.org');
  assert.equal(shownAddress('http://chat.example.org/x?y#z'), 'http://chat.example.org/x');
  assert.equal(shownAddress('app.example:/x?y'), 'app.example:/x');
});
