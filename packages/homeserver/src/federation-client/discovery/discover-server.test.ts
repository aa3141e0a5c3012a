import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseServerName } from '@soma/protocol';

import { OutboundError } from '../../outbound/outbound-error.ts';
import { discoverServer } from './discover-server.ts';
import type { Route } from './discover-server.ts';
import { SrvRecords } from './srv-records.ts';
import type { SrvRecord } from './srv-records.ts';

interface World {
  /** Delegations by `.well-known`. */
  readonly wellKnown?: Readonly<Record<string, string>>;
  /** As `priority weight port name`. */
  readonly srv?: Readonly<Record<string, readonly string[]>>;
}

interface Discovered {
  readonly routes: readonly string[];
  readonly asked: readonly string[];
}

/** Routes as `host:port Host-header`, and what was asked on the way. */
async function discover(serverName: string, world: World = {}): Promise<Discovered> {
  const asked: string[] = [];
  const resolveSrv = async (name: string): Promise<SrvRecord[]> => {
    asked.push(name);
    const records = world.srv?.[name];
    if (records === undefined) throw new Error('ENOTFOUND');
    return records.map((record) => {
      const [priority, weight, port, target = ''] = record.split(' ');
      return {
        name: target,
        port: Number(port),
        priority: Number(priority),
        weight: Number(weight),
      };
    });
  };
  const routes = await discoverServer(serverName, {
    wellKnown: {
      delegateOf: async (hostname) => {
        asked.push(`well-known ${hostname}`);
        return parseServerName(world.wellKnown?.[hostname]);
      },
    },
    srv: new SrvRecords(
      resolveSrv,
      () => 0,
      () => 0.5,
    ),
  });
  const shown = ({ host, port, hostHeader }: Route): string => `${host}:${port} ${hostHeader}`;
  return { routes: routes.map(shown), asked };
}

const wellKnown = { 'example.org': 'matrix.example.org' };
const delegateTo = (name: string): World => ({ wellKnown: { 'example.org': name } });

test('1. an address is gone to as it is, on 8448 without a port', async () => {
  for (const [name, route] of [
    ['1.2.3.4', '1.2.3.4:8448 1.2.3.4'],
    ['1.2.3.4:80', '1.2.3.4:80 1.2.3.4:80'],
    ['[2001:db8::1]', '[2001:db8::1]:8448 [2001:db8::1]'],
    ['[2001:db8::1]:80', '[2001:db8::1]:80 [2001:db8::1]:80'],
  ] as const) {
    assert.deepEqual(await discover(name), { routes: [route], asked: [] });
  }
});

test('2. a port needs no look-up but of the address', async () => {
  const expected = { routes: ['example.org:443 example.org:443'], asked: [] };
  assert.deepEqual(await discover('example.org:443', { wellKnown }), expected);
});

test('3.1. and 3.2. a delegation to an address or a port is gone to as it is', async () => {
  for (const [delegate, route] of [
    ['1.2.3.4', '1.2.3.4:8448 1.2.3.4'],
    ['[::1]:99', '[::1]:99 [::1]:99'],
    ['matrix.example.org:443', 'matrix.example.org:443 matrix.example.org:443'],
  ] as const) {
    const { routes, asked } = await discover('example.org', delegateTo(delegate));
    assert.deepEqual(routes, [route]);
    assert.deepEqual(asked, ['well-known example.org']);
  }
});

test('3.3. a delegate has its SRV records, under its own name', async () => {
  const srv = { '_matrix-fed._tcp.matrix.example.org': ['1 1 4001 target.example.org'] };
  const { routes } = await discover('example.org', { wellKnown, srv });
  assert.deepEqual(routes, ['target.example.org:4001 matrix.example.org']);
});

test('3.4. the deprecated records of a delegate come second', async () => {
  const srv = { '_matrix._tcp.matrix.example.org': ['1 1 4002 old.example.org'] };
  const { routes, asked } = await discover('example.org', { wellKnown, srv });
  assert.deepEqual(routes, ['old.example.org:4002 matrix.example.org']);
  assert.deepEqual(asked, [
    'well-known example.org',
    '_matrix-fed._tcp.matrix.example.org',
    '_matrix._tcp.matrix.example.org',
  ]);
});

test('3.5. a delegate without records is on 8448', async () => {
  const { routes } = await discover('example.org', { wellKnown });
  assert.deepEqual(routes, ['matrix.example.org:8448 matrix.example.org']);
});

test('4. to 6. without a delegation it is the same with the name itself', async () => {
  const fed = { '_matrix-fed._tcp.example.org': ['1 1 4001 target.example.org'] };
  const old = { '_matrix._tcp.example.org': ['1 1 4002 old.example.org'] };
  const first = await discover('example.org', { srv: { ...fed, ...old } });
  assert.deepEqual(first.routes, ['target.example.org:4001 example.org']);
  const second = await discover('example.org', { srv: old });
  assert.deepEqual(second.routes, ['old.example.org:4002 example.org']);
  assert.deepEqual((await discover('example.org')).routes, ['example.org:8448 example.org']);
});

test('records are tried by priority, and a heavier one is drawn first', async () => {
  const srv = {
    '_matrix-fed._tcp.example.org': ['20 1 1 c.test', '10 1 2 b.test', '10 9 3 a.test.'],
  };
  const { routes } = await discover('example.org', { srv });
  assert.deepEqual(routes, [
    'a.test:3 example.org',
    'b.test:2 example.org',
    'c.test:1 example.org',
  ]);
});

test('a server that says it has no service has none', async () => {
  const srv = { '_matrix-fed._tcp.example.org': ['0 0 0 .'] };
  await assert.rejects(discover('example.org', { srv }), OutboundError);
  await assert.rejects(discover('example.org:99999'), OutboundError);
});

test('records are remembered for a while, and so is that there are none', async () => {
  let nowMs = 0;
  let lookups = 0;
  const record = { name: 'a.test', port: 1, priority: 1, weight: 1 };
  const resolve = async (name: string): Promise<SrvRecord[]> => {
    lookups += 1;
    if (name === 'none') throw new Error('ENODATA');
    return [record];
  };
  const records = new SrvRecords(resolve, () => nowMs, Math.random);
  for (let count = 0; count < 3; count += 1) {
    assert.deepEqual(await records.lookUp('some'), [record]);
    assert.deepEqual(await records.lookUp('none'), []);
  }
  assert.equal(lookups, 2);
  nowMs += 300_001;
  await records.lookUp('some');
  assert.equal(lookups, 3);
});
