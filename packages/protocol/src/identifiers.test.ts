import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import {
  exceedsBytes,
  isCompliantUserId,
  isOpaqueIdentifier,
  isRoomVersionId,
  localpart,
  newUserId,
  parseEventId,
  parseNewUserId,
  parseRoomAlias,
  parseRoomId,
  parseServerName,
  parseUserId,
  serverNameOf,
  utf8Length,
} from './identifiers.ts';
import { hostOf, isIpLiteral } from './server-name.ts';

const HASH = 'Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg';

const SERVER_NAMES: Record<string, boolean> = {
  'matrix.org': true,
  'matrix.org:8888': true,
  '1.2.3.4': true,
  '1.2.3.4:1234': true,
  '[1234:5678::abcd]': true,
  '[1234:5678::abcd]:5678': true,
  '[::]': true,
  '[::1]:8448': true,
  '[1:2:3:4:5:6:7:8]': true,
  '[1::8]': true,
  '[::ffff:1.2.3.4]': true,
  '[1:2:3:4:5:6:1.2.3.4]': true,
  localhost: true,
  'MATRIX.org': true,
  'xn--bcher-kva.example': true,
  '': false,
  ':8448': false,
  'a:': false,
  'a:123456': false,
  'a:b': false,
  'a b': false,
  'a_b.example': false,
  'bücher.example': false,
  '::1': false,
  '[]': false,
  '[:]': false,
  '[1:2:3:4:5:6:7::]': true,
  '[::2:3:4:5:6:7:8]': true,
  '[1:2:3:4:5:6:7]': false,
  '[1:2:3:4:5:6:7:8:9]': false,
  '[1::2::3]': false,
  '[1:2:3:4:5:6:7:8::]': false,
  '[12345::]': false,
  '[::1.2.3.256]': false,
  '[1.2.3.4::]': false,
  '[::1': false,
  '[::1]x': false,
  ['a'.repeat(255)]: true,
  ['a'.repeat(256)]: false,
};

for (const [text, isValid] of Object.entries(SERVER_NAMES)) {
  test(`server name ${text.slice(0, 30)}: ${isValid}`, () => {
    assert.equal(parseServerName(text) !== undefined, isValid);
  });
}

test('only strings are identifiers', () => {
  for (const value of [undefined, null, 1, {}, ['@a:b']]) {
    for (const parse of [parseServerName, parseUserId, parseRoomId, parseEventId, parseRoomAlias]) {
      assert.equal(parse(value), undefined);
    }
  }
});

interface UserIdCase {
  readonly received: boolean;
  readonly created: boolean;
  readonly compliant?: boolean;
}

const USER_IDS: Record<string, UserIdCase> = {
  '@alice:example.org': { received: true, created: true, compliant: true },
  '@a.b_c=d-e/f+9:example.org:8448': { received: true, created: true, compliant: true },
  '@Alice:example.org': { received: true, created: false, compliant: true },
  '@a!b:example.org': { received: true, created: false, compliant: true },
  '@:example.org': { received: true, created: false, compliant: false },
  '@jürgen:example.org': { received: true, created: false, compliant: false },
  '@a b:example.org': { received: true, created: false, compliant: false },
  '@a\u0001:[::1]:8448': { received: true, created: false, compliant: false },
  '@a\u0000:example.org': { received: false, created: false },
  '@a\ud800:example.org': { received: false, created: false },
  '@alice': { received: false, created: false },
  'alice:example.org': { received: false, created: false },
  '@alice:': { received: false, created: false },
  '@alice:not a server': { received: false, created: false },
  [`@${'a'.repeat(242)}:example.org`]: { received: true, created: true, compliant: true },
  [`@${'a'.repeat(243)}:example.org`]: { received: false, created: false },
  [`@${'é'.repeat(121)}:example.org`]: { received: true, created: false, compliant: false },
  [`@${'é'.repeat(122)}:example.org`]: { received: false, created: false },
};

for (const [text, expected] of Object.entries(USER_IDS)) {
  test(`user ID ${JSON.stringify(text.slice(0, 30))}`, () => {
    const userId = parseUserId(text);
    assert.equal(userId !== undefined, expected.received);
    assert.equal(parseNewUserId(text) !== undefined, expected.created);
    if (userId !== undefined) assert.equal(isCompliantUserId(userId), expected.compliant);
  });
}

test('a user ID is its localpart and its server', () => {
  const userId = parseUserId('@alice:[::1]:8448');
  assert.ok(userId);
  assert.equal(localpart(userId), 'alice');
  assert.equal(serverNameOf(userId), '[::1]:8448');
  const server = parseServerName('example.org');
  assert.ok(server);
  assert.equal(newUserId('bob', server), '@bob:example.org');
  assert.equal(newUserId('Bob', server), undefined);
  assert.equal(newUserId('', server), undefined);
});

test('room IDs have a server or are a hash', () => {
  const old = parseRoomId('!abc:example.org');
  const hashed = parseRoomId(`!${HASH}`);
  assert.ok(old !== undefined && hashed !== undefined);
  assert.equal(serverNameOf(old), 'example.org');
  assert.equal(serverNameOf(hashed), undefined);
  for (const wrong of ['!abc', `!${HASH}a`, `!${HASH.slice(1)}+`, '#abc:example.org', '!a:b c']) {
    assert.equal(parseRoomId(wrong), undefined, wrong);
  }
});

test('event IDs are opaque', () => {
  for (const right of [`$${HASH}`, '$acR1l0raoZnm60CBwAVgqbZqoO/mYU81xysh1u7XcJk', '$a:b']) {
    assert.equal(parseEventId(right), right);
  }
  for (const wrong of ['$', '', HASH, `$${'a'.repeat(255)}`, '$a\u0000']) {
    assert.equal(parseEventId(wrong), undefined, wrong);
  }
});

test('room aliases', () => {
  assert.equal(parseRoomAlias('#Käse & Wein:example.org'), '#Käse & Wein:example.org');
  assert.equal(parseRoomAlias('#a'), undefined);
  assert.equal(parseRoomAlias('#a:'), undefined);
});

test('opaque identifiers and room versions', () => {
  assert.ok(isOpaqueIdentifier('aZ09-._~'));
  assert.ok(!isOpaqueIdentifier('') && !isOpaqueIdentifier('a/b'));
  assert.ok(!isOpaqueIdentifier('a'.repeat(256)));
  assert.ok(isRoomVersionId('12') && isRoomVersionId('com.example.version-2'));
  assert.ok(!isRoomVersionId('') && !isRoomVersionId('A') && !isRoomVersionId('1'.repeat(33)));
});

test('hosts and IP literals', () => {
  assert.equal(hostOf('example.org:8448'), 'example.org');
  assert.equal(hostOf('[::1]:8448'), '[::1]');
  assert.equal(hostOf('example.org'), 'example.org');
  assert.ok(isIpLiteral('1.2.3.4:80') && isIpLiteral('[::1]'));
  assert.ok(!isIpLiteral('1.2.3.4.example.org') && !isIpLiteral('256.1.1.1'));
});

test('the length in bytes at the ends of the ranges of UTF-8', () => {
  const ends = [
    '\u007f',
    '\u0080',
    '\u07ff',
    '\u0800',
    '\uffff',
    '\u{10000}',
    '\u{103ff}',
    '\u{10ffff}',
  ];
  for (const text of ends) assert.equal(utf8Length(text), Buffer.byteLength(text));
  assert.equal(utf8Length('\ud800'), 3);
  assert.equal(utf8Length('\ud800x'), 4);
});

test('the length in bytes is that of the UTF-8 text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.nat(80), (text, bytesMax) => {
      const bytes = new TextEncoder().encode(text).length;
      assert.equal(utf8Length(text), bytes);
      assert.equal(exceedsBytes(text, bytesMax), bytes > bytesMax);
    }),
  );
});
