import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bindAddresses } from './bind-addresses.ts';

interface FakeServer {
  readonly address: string;
  close(): void;
}

/** Binds what `failures` does not name; records what was closed again. */
function fakeBinder(failures: Readonly<Record<string, string>>) {
  const closed: string[] = [];
  const ipv6Only: string[] = [];
  const bind = async (address: string, options: { ipv6Only: boolean }): Promise<FakeServer> => {
    const code = failures[address];
    if (code !== undefined) throw Object.assign(new Error(`${code} ${address}`), { code });
    if (options.ipv6Only) ipv6Only.push(address);
    return { address, close: () => void closed.push(address) };
  };
  return { bind, closed, ipv6Only };
}

test('an address that the machine does not have is skipped', async () => {
  const { bind, closed } = fakeBinder({ '::1': 'EADDRNOTAVAIL' });
  const { bound, skipped } = await bindAddresses(['127.0.0.1', '::1'], bind);
  assert.deepEqual(
    bound.map(({ address }) => address),
    ['127.0.0.1'],
  );
  assert.deepEqual(skipped, ['::1']);
  assert.deepEqual(closed, []);
});

test('a listener of which no address can be had is refused', async () => {
  const { bind } = fakeBinder({ '::1': 'EAFNOSUPPORT', '10.9.9.9': 'EADDRNOTAVAIL' });
  await assert.rejects(bindAddresses(['::1', '10.9.9.9'], bind), /EAFNOSUPPORT ::1/);
});

test('another failure closes what was opened', async () => {
  const { bind, closed } = fakeBinder({ '::1': 'EADDRINUSE' });
  await assert.rejects(bindAddresses(['127.0.0.1', '::1'], bind), /EADDRINUSE/);
  assert.deepEqual(closed, ['127.0.0.1']);
});

test(':: keeps to IPv6 only where IPv4 has an address of its own', async () => {
  const both = fakeBinder({});
  await bindAddresses(['::', '0.0.0.0'], both.bind);
  assert.deepEqual(both.ipv6Only, ['::']);
  const alone = fakeBinder({});
  await bindAddresses(['::'], alone.bind);
  assert.deepEqual(alone.ipv6Only, []);
});
