import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { newUserId, parseServerName } from '@soma/protocol';

import { mapLocalpart } from './map-localpart.ts';

test('names become localparts', () => {
  for (const [name, localpart] of [
    ['Anna', 'anna'],
    ['a.b-c_d/e+f', 'a.b-c_d/e+f'],
    ['ä@b=c', '=c3=a4=40b=3dc'],
    ['_irc', '=5firc'],
  ] as const) {
    assert.equal(mapLocalpart(name), localpart);
  }
});

test('whatever the name, a user can have it', () => {
  const serverName = parseServerName('soma.test');
  assert.ok(serverName !== undefined);
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }), (name) => {
      const localpart = mapLocalpart(name);
      if (localpart.length < 240) assert.ok(newUserId(localpart, serverName) !== undefined);
    }),
    { numRuns: 200 },
  );
});
