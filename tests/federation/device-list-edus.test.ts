import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import type { JsonObject } from '@soma/protocol';

import { confirmed } from '../client-server/interactive.ts';
import { ok, v3 } from '../client-server/requests.ts';
import { crossSigningKey, deviceKeys, newIdentity } from '../client-server/signing-identity.ts';
import { createRoom, logIn, registerUser, sync, type TestUser } from '../harness/client.ts';
import type { FederatedServer } from '../harness/federation.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { until } from '../harness/until.ts';
import { federationTests } from './federation-test.ts';
import { PlayedUser } from './played-user.ts';
import { recordTransactions } from './transaction-record.ts';

const test = federationTests();
const base = '/_matrix/federation/v1/user';

/** A user of a played server with devices, who is in a room with alice. */
class DeviceOwner {
  readonly bob: PlayedUser;
  readonly alice: TestUser;
  readonly #server: FederatedServer;
  readonly #devices = new Map<string, JsonObject>();
  #seen = 0;
  streamId = 1;
  /** What goes with the list. */
  crossSigning: JsonObject = {};

  constructor(server: FederatedServer, alice: TestUser, bob: PlayedUser) {
    this.#server = server;
    this.alice = alice;
    this.bob = bob;
    bob.peer.answer = (request, response) => {
      const answer = request.url?.startsWith(`${base}/devices/`)
        ? {
            user_id: bob.userId,
            stream_id: this.streamId,
            devices: this.#list(),
            ...this.crossSigning,
          }
        : { device_keys: { [bob.userId]: Object.fromEntries(this.#devices) } };
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    };
  }

  add(deviceId: string): JsonObject {
    const keys = deviceKeys({ userId: this.bob.userId, deviceId }, newIdentity());
    this.#devices.set(deviceId, keys);
    return keys;
  }

  #list(): JsonObject[] {
    return [...this.#devices].map(([deviceId, keys]) => ({ device_id: deviceId, keys }));
  }

  async send(type: string, content: JsonObject): Promise<void> {
    const { peer, userId } = this.bob;
    const edus = [{ edu_type: type, content: { user_id: userId, ...content } }];
    const body = { origin: peer.serverName, origin_server_ts: 1, pdus: [], edus };
    const path = `/_matrix/federation/v1/send/${randomUUID()}`;
    const { status } = await peer.request(this.#server.serverName, 'PUT', path, { body });
    assert.equal(status, 200);
  }

  /** What its server was asked about users since the last time. */
  asked(): string[] {
    const { asked } = this.bob.peer;
    const found = asked.slice(this.#seen).filter((each) => each.includes(base));
    this.#seen = asked.length;
    return found.map((each) => decodeURIComponent(each.replace(base, '')));
  }

  query(): Promise<unknown> {
    const body = { device_keys: { [this.bob.userId]: [] } };
    return ok(this.alice, 'POST', `${v3}/keys/query`, { body });
  }

  async shown(): Promise<string[]> {
    const devices = valueAt(await this.query(), 'device_keys', this.bob.userId);
    return Object.keys(Object(devices)).toSorted();
  }

  /** Waits until alice is told that the devices are others; gives the next `since`. */
  async untilTold(since: string): Promise<string> {
    const { body, nextBatch } = await sync(this.alice, { since, timeoutMs: 10_000 });
    const changed = valueAt(body, 'device_lists', 'changed');
    if (Array.isArray(changed) && changed.includes(this.bob.userId)) return nextBatch;
    return this.untilTold(nextBatch);
  }
}

test('updates of a device list follow one another; a gap makes the list be asked for', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'follower');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await bob.become(one, 'join', roomId);
  const owner = new DeviceOwner(one, alice, bob);
  const list = `GET /devices/${bob.userId}`;
  const keys = owner.add('A');
  owner.streamId = 5;
  let { nextBatch: since } = await sync(alice);
  await owner.send('m.device_list_update', { device_id: 'A', stream_id: 5, prev_id: [], keys });
  since = await owner.untilTold(since);
  assert.deepEqual(await owner.shown(), ['A']);
  await until('the question', () =>
    owner.bob.peer.asked.some((each) => each.includes(`${base}/devices/`)),
  );
  await until(
    'the list',
    async () => (await owner.shown()).length === 1 && owner.asked().length === 0,
  );

  const b = owner.add('B');
  const second = { device_id: 'B', stream_id: 6, prev_id: [5], keys: b };
  await owner.send('m.device_list_update', { ...second, device_display_name: 'Phone' });
  since = await owner.untilTold(since);
  const shown = valueAt(await owner.query(), 'device_keys', bob.userId, 'B');
  assert.deepEqual(shown, { ...b, unsigned: { device_display_name: 'Phone' } });
  await owner.send('m.device_list_update', second);
  assert.deepEqual(await owner.shown(), ['A', 'B']);
  const gone = { device_id: 'A', stream_id: 7, prev_id: [6], deleted: true };
  await owner.send('m.device_list_update', gone);
  since = await owner.untilTold(since);
  assert.deepEqual(await owner.shown(), ['B']);
  assert.deepEqual(owner.asked(), [], 'all that was told before it was asked for');

  owner.streamId = 10;
  for (const device of ['C', 'D']) owner.add(device);
  const master = crossSigningKey(bob.userId, 'master', newIdentity());
  owner.crossSigning = { master_key: master };
  const afterGap = { device_id: 'D', stream_id: 10, prev_id: [9], keys: owner.add('D') };
  await owner.send('m.device_list_update', afterGap);
  await owner.untilTold(since);
  await until('the question', () => owner.asked().includes(list));
  await until(
    'the new device',
    async () => (await owner.shown()).includes('C') && owner.asked().length === 0,
  );
  assert.deepEqual(await owner.shown(), ['A', 'B', 'C', 'D'], 'the list of its server');
  assert.deepEqual(valueAt(await owner.query(), 'master_keys', bob.userId), master);
  assert.deepEqual(owner.asked(), [], 'it is known again');
});

test('cross-signing keys that another server tells of are shown, and told', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'truster');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await bob.become(one, 'join', roomId);
  const owner = new DeviceOwner(one, alice, bob);
  owner.add('A');
  assert.deepEqual(await owner.shown(), ['A']);
  const { nextBatch } = await sync(alice);
  const [master, selfSigning] = [newIdentity(), newIdentity()];
  const keys = {
    master_key: crossSigningKey(bob.userId, 'master', master),
    self_signing_key: crossSigningKey(bob.userId, 'self_signing', selfSigning, master),
  };
  await owner.send('m.signing_key_update', keys);
  await owner.untilTold(nextBatch);
  const shown = await owner.query();
  assert.deepEqual(valueAt(shown, 'master_keys', bob.userId), keys.master_key);
  assert.deepEqual(valueAt(shown, 'self_signing_keys', bob.userId), keys.self_signing_key);
});

test('servers that share a room are told of each device, and of cross-signing keys', async ({
  one,
  newPeer,
}) => {
  const [peer, stranger] = [await newPeer(), await newPeer()];
  const [record, toStranger] = [recordTransactions(peer), recordTransactions(stranger)];
  const alice = await registerUser(one, 'teller');
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await new PlayedUser(peer, 'bob').become(one, 'join', roomId);
  const updates = () => record.edus('m.device_list_update');
  const upload = async (user: TestUser): Promise<JsonObject> => {
    const keys = deviceKeys(user, newIdentity());
    await ok(user, 'POST', `${v3}/keys/upload`, { body: { device_keys: keys } });
    return keys;
  };
  const first = await upload(alice);
  await record.until(() => updates().some(({ keys }) => keys !== undefined));
  const told = updates().at(-1);
  assert.deepEqual([told?.['user_id'], told?.['device_id']], [alice.userId, alice.deviceId]);
  assert.deepEqual(told?.['keys'], first);

  const phone = await logIn(one, 'teller');
  await upload(phone);
  const isOf = (deviceId: string) => (update: JsonObject) => update['device_id'] === deviceId;
  await record.until(() => updates().some(isOf(phone.deviceId)));
  await ok(phone, 'POST', `${v3}/logout`, { body: {} });
  await record.until(() => updates().at(-1)?.['deleted'] === true);
  assert.equal(textAt(updates().at(-1), 'device_id'), phone.deviceId);
  for (const [index, update] of updates().entries()) {
    const previous = updates()[index - 1]?.['stream_id'];
    assert.deepEqual(update['prev_id'], previous === undefined ? [] : [previous]);
  }

  const master = newIdentity();
  const keys = {
    master_key: crossSigningKey(alice.userId, 'master', master),
    self_signing_key: crossSigningKey(alice.userId, 'self_signing', newIdentity(), master),
  };
  const userSigning = crossSigningKey(alice.userId, 'user_signing', newIdentity(), master);
  const path = `${v3}/keys/device_signing/upload`;
  const all = { ...keys, user_signing_key: userSigning };
  assert.equal((await confirmed(alice, 'POST', path, all)).status, 200);
  // The key that signs other users is nobody's business.
  assert.deepEqual(await record.untilEdu('m.signing_key_update'), {
    user_id: alice.userId,
    ...keys,
  });
  assert.deepEqual(toStranger.ids, []);
  const list = `${base}/devices/${encodeURIComponent(alice.userId)}`;
  const { body } = await peer.request(one.serverName, 'GET', list);
  const { stream_id: streamId, ...shown } = body as { stream_id: number };
  assert.ok(streamId >= Number(updates().at(-1)?.['stream_id']));
  const devices = [{ device_id: alice.deviceId, keys: first }];
  assert.deepEqual(shown, { user_id: alice.userId, devices, ...keys });
});
