import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import type { JsonObject } from '@soma/protocol';

import { confirmed } from '../client-server/interactive.ts';
import { ok, v3 } from '../client-server/requests.ts';
import {
  crossSigningKey,
  deviceKeys,
  newIdentity,
  signedBy,
} from '../client-server/signing-identity.ts';
import { registerUser, type TestUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import type { TestPeer } from '../harness/peer.ts';
import { assertRefused, federationTests } from './federation-test.ts';

const test = federationTests();
const base = '/_matrix/federation/v1/user';
let users = 0;

function newUser(server: Parameters<typeof registerUser>[0]): Promise<TestUser> {
  users += 1;
  return registerUser(server, `user-${users}`);
}

async function upload(user: TestUser, body: object): Promise<void> {
  await ok(user, 'POST', `${v3}/keys/upload`, { body });
}

function query(viewer: TestUser, device_keys: object, timeout = 10_000): Promise<unknown> {
  return ok(viewer, 'POST', `${v3}/keys/query`, { body: { device_keys, timeout } });
}

function claim(viewer: TestUser, one_time_keys: object, timeout = 10_000): Promise<unknown> {
  return ok(viewer, 'POST', `${v3}/keys/claim`, { body: { one_time_keys, timeout } });
}

/** Lets a peer answer requests whose target begins so; the body of the request is given as parsed. */
function answers(peer: TestPeer, target: string, answer: (body: unknown) => unknown): void {
  peer.answer = (request, response) => {
    void readJson(request).then((body) => {
      const found = request.url?.startsWith(target) === true ? answer(body) : undefined;
      response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(found ?? { errcode: 'M_UNRECOGNIZED', error: 'not played' }));
    });
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text === '' ? undefined : JSON.parse(text);
}

test('keys of a user of another server are shown, with cross-signing keys', async (given) => {
  const [alice, bob] = [await newUser(given.one), await newUser(given.two)];
  const [device, master, selfSigning] = [newIdentity(), newIdentity(), newIdentity()];
  const keys = deviceKeys(alice, device);
  await upload(alice, { device_keys: keys });
  await ok(alice, 'PUT', `${v3}/devices/${alice.deviceId}`, { body: { display_name: 'Phone' } });
  const userSigning = newIdentity();
  const crossSigning = {
    master_key: crossSigningKey(alice.userId, 'master', master),
    self_signing_key: crossSigningKey(alice.userId, 'self_signing', selfSigning, master),
    user_signing_key: crossSigningKey(alice.userId, 'user_signing', userSigning, master),
  };
  await confirmed(alice, 'POST', `${v3}/keys/device_signing/upload`, crossSigning);
  const signed = signedBy(keys, alice.userId, selfSigning.publicKey, selfSigning);
  const path = `${v3}/keys/signatures/upload`;
  await ok(alice, 'POST', path, { body: { [alice.userId]: { [alice.deviceId]: signed } } });

  const shown = await query(bob, { [alice.userId]: [] });
  assert.deepEqual(valueAt(shown, 'device_keys', alice.userId, alice.deviceId), {
    ...signed,
    // The name of a device is not told to other servers.
    unsigned: {},
  });
  assert.deepEqual(valueAt(shown, 'master_keys', alice.userId), crossSigning.master_key);
  assert.deepEqual(
    valueAt(shown, 'self_signing_keys', alice.userId),
    crossSigning.self_signing_key,
  );
  assert.deepEqual(valueAt(shown, 'user_signing_keys'), {});
  assert.deepEqual(valueAt(shown, 'failures'), {});
  const other = await query(bob, { [alice.userId]: ['OTHER'] });
  assert.deepEqual(valueAt(other, 'device_keys', alice.userId), {});
});

test('one-time keys of another server are handed out once, then the fallback', async (given) => {
  const [alice, bob] = [await newUser(given.one), await newUser(given.two)];
  const key = signedBy({ key: 'one' }, alice.userId, alice.deviceId, newIdentity());
  const fallback = signedBy({ key: 'fallback', fallback: true }, alice.userId, 'X', newIdentity());
  await upload(alice, {
    one_time_keys: { 'signed_curve25519:1': key },
    fallback_keys: { 'signed_curve25519:f': fallback },
  });
  const claims = { [alice.userId]: { [alice.deviceId]: 'signed_curve25519' } };
  const taken = async (): Promise<unknown> =>
    valueAt(await claim(bob, claims), 'one_time_keys', alice.userId, alice.deviceId);
  assert.deepEqual(await taken(), { 'signed_curve25519:1': key });
  assert.deepEqual(await taken(), { 'signed_curve25519:f': fallback });
  const none = await claim(bob, { [alice.userId]: { OTHER: 'signed_curve25519' } });
  assert.deepEqual([valueAt(none, 'one_time_keys'), valueAt(none, 'failures')], [{}, {}]);
});

test('another server asks for the devices of a user, and for those of nobody else', async ({
  one,
  two,
  newPeer,
}) => {
  const peer = await newPeer();
  const alice = await newUser(one);
  const keys = deviceKeys(alice, newIdentity());
  const get = (userId: string) =>
    peer.request(one.serverName, 'GET', `${base}/devices/${encodeURIComponent(userId)}`);
  const before = await get(alice.userId);
  await upload(alice, { device_keys: keys });
  const { status, body } = await get(alice.userId);
  assert.equal(status, 200, JSON.stringify(body));
  const { stream_id: streamId, ...rest } = body as { stream_id: number };
  assert.deepEqual(rest, { user_id: alice.userId, devices: [{ device_id: alice.deviceId, keys }] });
  assert.ok(streamId > Number(valueAt(before.body, 'stream_id')));
  assertRefused(await get(`@nobody:${one.serverName}`), 404, 'M_NOT_FOUND');
  assertRefused(await get(`@alice:${two.serverName}`), 400, 'M_INVALID_PARAM');
  const elsewhere: [string, JsonObject][] = [
    [`${base}/keys/query`, { device_keys: { [`@alice:${two.serverName}`]: [] } }],
    [`${base}/keys/claim`, { one_time_keys: { [`@alice:${two.serverName}`]: { A: 'x' } } }],
  ];
  for (const [path, request] of elsewhere) {
    const answer = await peer.request(one.serverName, 'POST', path, { body: request });
    assertRefused(answer, 400, 'M_INVALID_PARAM');
    assertRefused(
      await peer.request(one.serverName, 'POST', path, { body: {} }),
      400,
      'M_MISSING_PARAM',
    );
  }
});

test('a server is believed about its own users alone, and their own devices', async (given) => {
  const [bob, peer] = [await newUser(given.two), await given.newPeer()];
  const carol = { userId: `@carol:${peer.serverName}`, deviceId: 'PHONE' };
  const victim = await newUser(given.one);
  const keys = deviceKeys(carol, newIdentity());
  const stranger = deviceKeys({ ...carol, userId: victim.userId }, newIdentity());
  answers(peer, `${base}/keys/query`, () => ({
    device_keys: {
      [carol.userId]: {
        PHONE: { ...keys, unsigned: { device_display_name: 'Phone', more: 1 } },
        OTHER: keys,
        STRANGER: stranger,
        BROKEN: { user_id: carol.userId, device_id: 'BROKEN', keys: 7 },
        TEXT: 'none',
      },
      [victim.userId]: { PHONE: stranger },
      [bob.userId]: { PHONE: { ...stranger, user_id: bob.userId } },
    },
    master_keys: {
      [carol.userId]: crossSigningKey(victim.userId, 'master', newIdentity()),
      [victim.userId]: crossSigningKey(victim.userId, 'master', newIdentity()),
    },
    self_signing_keys: {
      [carol.userId]: {
        ...crossSigningKey(carol.userId, 'self_signing', newIdentity()),
        signatures: 'none',
      },
    },
  }));
  const shown = await query(bob, { [carol.userId]: [], [victim.userId]: [] });
  assert.deepEqual(valueAt(shown, 'device_keys'), {
    [carol.userId]: { PHONE: { ...keys, unsigned: { device_display_name: 'Phone' } } },
    [victim.userId]: {},
  });
  assert.deepEqual(valueAt(shown, 'master_keys'), {});
  assert.deepEqual(valueAt(shown, 'self_signing_keys'), {});

  const key = { key: 'x', signatures: {} };
  answers(peer, `${base}/keys/claim`, () => ({
    one_time_keys: {
      [carol.userId]: {
        PHONE: {
          'other:1': key,
          'signed_curve25519:1': 7,
          'signed_curve25519:2': key,
          'signed_curve25519:3': key,
        },
        UNASKED: { 'signed_curve25519:1': key },
      },
      [victim.userId]: { [victim.deviceId]: { 'signed_curve25519:1': key } },
    },
  }));
  const claims = { [carol.userId]: { PHONE: 'signed_curve25519' } };
  const taken = await claim(bob, {
    ...claims,
    [victim.userId]: { [victim.deviceId]: 'signed_curve25519' },
  });
  assert.deepEqual(valueAt(taken, 'one_time_keys'), {
    [carol.userId]: { PHONE: { 'signed_curve25519:2': key } },
  });
});

test('a list of 100,000 devices is cut, and a longer answer refused', async (given) => {
  const [bob, peer] = [await newUser(given.two), await given.newPeer()];
  const userId = `@many:${peer.serverName}`;
  const short = { algorithms: [], keys: {}, signatures: {}, user_id: userId };
  let pad = '';
  answers(peer, `${base}/keys/query`, () => ({
    device_keys: {
      [userId]: Object.fromEntries(
        Array.from({ length: pad === '' ? 60_000 : 100_000 }, (_, index) => [
          `D${index}`,
          { ...short, device_id: `D${index}`, pad },
        ]),
      ),
    },
  }));
  const cut = await query(bob, { [userId]: [] });
  assert.equal(Object.keys(Object(valueAt(cut, 'device_keys', userId))).length, 1_000);
  pad = 'x'.repeat(100);
  const refused = await query(bob, { [userId]: [] });
  assert.deepEqual(valueAt(refused, 'device_keys'), {});
  assert.deepEqual(Object.keys(Object(valueAt(refused, 'failures'))), [peer.serverName]);
});

test('a server that is slow or refuses is a failure, and keeps back no other', async (given) => {
  const [bob, slow, unwilling] = [
    await newUser(given.two),
    await given.newPeer(),
    await given.newPeer(),
  ];
  const alice = await newUser(given.one);
  await upload(alice, { device_keys: deviceKeys(alice, newIdentity()) });
  slow.answer = (_request, response) => void sleep(5_000).then(() => response.end('{}'));
  const asked: JsonObject = {
    [alice.userId]: [],
    [`@slow:${slow.serverName}`]: [],
    [`@no:${unwilling.serverName}`]: [],
    '@gone:127.0.0.1:1': [],
  };
  const startedMs = Date.now();
  const shown = await query(bob, asked, 1_000);
  assert.ok(Date.now() - startedMs < 4_000);
  assert.equal(Object.keys(Object(valueAt(shown, 'device_keys', alice.userId))).length, 1);
  const failures = Object(valueAt(shown, 'failures'));
  assert.deepEqual(
    Object.keys(failures).toSorted(),
    ['127.0.0.1:1', slow.serverName, unwilling.serverName].toSorted(),
  );
  assert.equal(valueAt(failures, unwilling.serverName, 'status'), 404);
  assert.equal(valueAt(failures, slow.serverName, 'status'), 503);
  // To be impatient is not the other server's fault: it is asked again.
  slow.answer = (_request, response) => response.end('{"device_keys":{}}');
  const again = await query(bob, { [`@slow:${slow.serverName}`]: [] });
  assert.deepEqual(valueAt(again, 'failures'), {});
});

test('published rooms are kept from other servers unless the operator shows them', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const path = '/_matrix/federation/v1/publicRooms';
  assertRefused(await peer.request(one.serverName, 'GET', path), 403, 'M_FORBIDDEN');
  const post = await peer.request(one.serverName, 'POST', path, { body: {} });
  assertRefused(post, 403, 'M_FORBIDDEN');
  assert.throws(() => listAt(post.body, 'chunk'));
});
