import assert from 'node:assert/strict';
import { BlockList, isIP } from 'node:net';
import { test } from 'node:test';

import fc from 'fast-check';

import { configFrom } from '../config/parse-config.ts';
import { addressPolicy } from './address-policy.ts';

const { outbound } = configFrom({ server_name: 'example.org', signing_key: signingKey() }).config;
const byDefault = addressPolicy({ blacklist: outbound.ipRangeBlacklist, whitelist: [] });

function signingKey(): string {
  return 'ed25519 a_test AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
}

test('by default no private, local, multicast or documentation address is allowed', () => {
  for (const address of [
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '0.1.2.3',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '192.0.2.1',
    '198.51.100.7',
    '203.0.113.9',
    '198.18.0.1',
    '224.0.0.1',
    '239.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fe80::1%lo',
    'fd00::1',
    'fec0::1',
    'ff02::1',
    '2001:db8::1',
  ]) {
    assert.equal(byDefault.allows(address), false, address);
  }
});

test('an IPv6 address that leads to a refused IPv4 address is refused', () => {
  for (const address of [
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:0:10.0.0.1',
    '::127.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::192.168.0.1',
    '2002:7f00:1::',
    '2002:c0a8:101::1',
    '2001:0:7f00:1::',
    '2001:0:808:808::80ff:fffe',
    '2a00::5efe:10.0.0.1',
    '2a00::200:5efe:10.0.0.1',
  ]) {
    assert.equal(byDefault.allows(address), false, address);
  }
});

test('public addresses are allowed, in each of their forms', () => {
  for (const address of [
    '1.1.1.1',
    '172.32.0.1',
    '100.128.0.1',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
  ]) {
    assert.equal(byDefault.allows(address), true, address);
  }
});

test('what is no address is not allowed', () => {
  for (const text of ['', 'localhost', '127.1', '0x7f.0.0.1', '2130706433', '1.1.1', 'fe80::g']) {
    assert.equal(byDefault.allows(text), false, text);
  }
});

test('the whitelist wins, also for the IPv6 forms of what it has', () => {
  const policy = addressPolicy({
    blacklist: ['127.0.0.0/8', 'fc00::/7'],
    whitelist: ['127.0.0.2', 'fd00::1/128', '0.0.0.0'],
  });
  for (const address of ['127.0.0.2', '::ffff:127.0.0.2', 'fd00::1', '0.0.0.0']) {
    assert.equal(policy.allows(address), true, address);
  }
  for (const address of ['127.0.0.3', '::ffff:127.0.0.3', 'fd00::2', '0.0.0.1']) {
    assert.equal(policy.allows(address), false, address);
  }
});

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const ipv4 = bytes(4).map((address) => [...address].join('.'));
const ipv6 = bytes(16).map((address) =>
  Array.from({ length: 8 }, (_, index) =>
    (((address[2 * index] ?? 0) << 8) | (address[2 * index + 1] ?? 0)).toString(16),
  ).join(':'),
);

test('ranges hold what the ranges of node:net hold', () => {
  fc.assert(
    fc.property(ipv4, fc.integer({ min: 0, max: 32 }), ipv4, (base, prefix, address) => {
      const blockList = new BlockList();
      blockList.addSubnet(base, prefix, 'ipv4');
      const policy = addressPolicy({ blacklist: [`${base}/${prefix}`], whitelist: [] });
      const expected = !blockList.check(address, 'ipv4') && !address.startsWith('0.');
      assert.equal(policy.allows(address), expected);
      // The mapped form is judged like the address itself.
      assert.equal(policy.allows(`::ffff:${address}`), expected);
    }),
  );
  fc.assert(
    fc.property(ipv6, fc.integer({ min: 0, max: 128 }), ipv6, (base, prefix, address) => {
      const blockList = new BlockList();
      blockList.addSubnet(base, prefix, 'ipv6');
      const policy = addressPolicy({ blacklist: [`${base}/${prefix}`], whitelist: [] });
      if (blockList.check(address, 'ipv6')) assert.equal(policy.allows(address), false);
    }),
  );
});

test('any text has an answer, and only addresses are ever allowed', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), ipv4, ipv6, fc.ipV4Extended(), fc.ipV6()), (text) => {
      if (byDefault.allows(text)) assert.notEqual(isIP(text), 0);
    }),
  );
});
