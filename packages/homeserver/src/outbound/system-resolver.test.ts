import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addressesIn, systemResolver } from './system-resolver.ts';

test('a hosts file gives the addresses of each of its names', () => {
  const file = [
    '# 10.0.0.1 commented.test',
    '127.0.0.1\tlocalhost localhost.localdomain',
    '::1 localhost # the same',
    '',
    '10.0.0.2   a.test  A2.test # b.test',
    'malformed',
  ].join('\n');
  assert.deepEqual(addressesIn(file, 'localhost'), ['127.0.0.1', '::1']);
  assert.deepEqual(addressesIn(file, 'a2.TEST'), ['10.0.0.2']);
  for (const name of ['b.test', 'commented.test', '10.0.0.2', 'malformed', '', '#']) {
    assert.deepEqual(addressesIn(file, name), [], name);
  }
});

test('this machine has an address', async () => {
  const addresses = await systemResolver('localhost');
  assert.ok(addresses.some((address) => address === '127.0.0.1' || address === '::1'));
});
