import assert from 'node:assert/strict';
import { after, test as nodeTest } from 'node:test';

import {
  registerServiceUser,
  startApplicationService,
  type TestApplicationService,
} from '../harness/application-service.ts';
import {
  createRoom,
  inviteUser,
  joinRoom,
  registerUser,
  sendState,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { testEngines, type TestEngine } from '../harness/engines.ts';
import { startHomeserver, type TestHomeserver } from '../harness/homeserver-process.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { act, ok, roomPath, v3 } from './requests.ts';

interface Bridged {
  readonly server: TestHomeserver;
  readonly service: TestApplicationService;
  /** One without a URL, whose namespace is everybody. */
  readonly silent: TestApplicationService;
  readonly alice: TestUser;
}

const engines = testEngines().map((engine) => {
  let given: Promise<Bridged> | undefined;
  after(async () => {
    const opened = await given?.catch(() => undefined);
    await opened?.server.dispose();
    await opened?.service.close();
    await opened?.silent.close();
  });
  return { name: engine.name, open: () => (given ??= start(engine)) };
});

/** A test on every engine; those of one engine share a server and its services. */
function test(title: string, body: (given: Bridged) => Promise<void>): void {
  for (const { name, open } of engines) {
    nodeTest(`${title} (${name})`, async () => body(await open()));
  }
}

async function start(engine: TestEngine): Promise<Bridged> {
  const service = await startApplicationService({
    namespaces: {
      users: [{ exclusive: true, regex: '@_bridge_.*' }],
      aliases: [{ exclusive: false, regex: '#watched-.*' }],
    },
    registration: { receive_ephemeral: true, 'org.matrix.msc3202': true },
  });
  const silent = await startApplicationService({
    id: 'silent',
    senderLocalpart: 'silent-bot',
    namespaces: { users: [{ exclusive: false, regex: '@.*' }] },
    registration: { url: null },
  });
  const config = { app_service_config_files: [service.registrationFile, silent.registrationFile] };
  const server = await startHomeserver({ engine, config });
  return { server, service, silent, alice: await registerUser(server, 'alice') };
}

function eventIds(service: TestApplicationService): unknown[] {
  return service.events().map((event) => valueAt(event, 'event_id'));
}

test('a service is told, in order, of the rooms that its users are in', async (given) => {
  const { server, service, alice } = given;
  const puppet = await registerServiceUser(server, service, '_bridge_puppet1');
  const elsewhere = await createRoom(alice, { preset: 'public_chat' });
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  const early = await sendText(alice, roomId, 'before the bridge');
  await inviteUser(alice, roomId, puppet.userId);
  const invited = await service.until(() =>
    service.events().find((event) => valueAt(event, 'state_key') === puppet.userId),
  );
  assert.equal(valueAt(invited, 'room_id'), roomId);
  assert.equal(valueAt(invited, 'content', 'membership'), 'invite');
  await joinRoom(puppet, roomId);
  await sendText(alice, elsewhere, 'not for the bridge');
  const sent: string[] = [];
  for (let count = 0; count < 30; count += 1) {
    sent.push(await sendText(count % 2 === 0 ? alice : puppet, roomId, `message ${count}`));
  }
  const last = await service.untilEvent(sent.at(-1) ?? '');
  const told = eventIds(service);
  assert.deepEqual(
    told.filter((eventId) => sent.some((one) => one === eventId)),
    sent,
  );
  assert.equal(new Set(told).size, told.length);
  assert.ok(!told.includes(early));
  assert.ok(!service.events().some((event) => valueAt(event, 'room_id') === elsewhere));
  assert.deepEqual(valueAt(last, 'content'), { msgtype: 'm.text', body: 'message 29' });
  assert.equal(valueAt(last, 'sender'), puppet.userId);
  for (const { authorization, target } of service.requests) {
    assert.equal(authorization, `Bearer ${service.hsToken}`);
    assert.match(target, /^\/_matrix\/app\/v1\/transactions\/[^/]+$/);
  }
  await act(puppet, roomId, 'leave');
  const unseen = await sendText(alice, roomId, 'after the bridge');
  await sendText(puppet, await createRoom(puppet), 'the next thing');
  await service.until(() =>
    service.events().find((event) => valueAt(event, 'content', 'body') === 'the next thing'),
  );
  assert.ok(!eventIds(service).includes(unseen));
});

test('a service is told of rooms by their alias', async ({ service, alice }) => {
  const byAlias = await createRoom(alice, { room_alias_name: 'watched-one' });
  const other = await createRoom(alice, { room_alias_name: 'other' });
  await sendText(alice, other, 'not watched');
  const eventId = await sendText(alice, byAlias, 'watched');
  await service.untilEvent(eventId);
  assert.ok(!service.events().some((event) => valueAt(event, 'room_id') === other));
});

test('what a service sees of a change is the state before it, too', async (given) => {
  const { server, service, alice } = given;
  const puppet = await registerServiceUser(server, service, '_bridge_puppet2');
  const roomId = await createRoom(puppet, { preset: 'public_chat' });
  await joinRoom(alice, roomId);
  await sendState(puppet, roomId, 'm.room.topic', '', { topic: 'one' });
  const second = await sendState(puppet, roomId, 'm.room.topic', '', { topic: 'two' });
  const told = await service.untilEvent(second);
  assert.deepEqual(valueAt(told, 'unsigned', 'prev_content'), { topic: 'one' });
});

test('a transaction that was not taken is repeated as it was, also after a crash, and nothing is lost', async ({
  server,
  service,
}) => {
  const puppet = await registerServiceUser(server, service, '_bridge_puppet3');
  const roomId = await createRoom(puppet, { preset: 'public_chat' });
  await service.untilEvent(await sendText(puppet, roomId, 'taken'));
  service.answer = () => ({ status: 500, body: { errcode: 'M_UNKNOWN' } });
  const asked = service.requests.length;
  const sent = [await sendText(puppet, roomId, 'refused at first')];
  const refused = await service.until(() => service.requests[asked]);
  // The path from before there were versions is tried as well.
  const older = await service.until(() => service.requests[asked + 1]);
  assert.equal(older.target, refused.target.replace('/_matrix/app/v1', ''));
  assert.deepEqual(older.body, refused.body);
  for (let count = 0; count < 10; count += 1) {
    sent.push(await sendText(puppet, roomId, `while it refused ${count}`));
  }
  await server.kill();
  service.answer = () => ({ status: 200, body: {} });
  const before = service.requests.length;
  await server.restart();
  await service.untilEvent(sent.at(-1) ?? '');
  const repeated = service.requests[before];
  assert.equal(repeated?.target, refused.target);
  assert.deepEqual(repeated.body, refused.body);
  const told = eventIds(service);
  assert.deepEqual(
    told.filter((eventId) => sent.some((one) => one === eventId)),
    sent,
  );
  assert.equal(new Set(told).size, told.length);
});

test('an answer that is lost makes the same transaction come again', async ({
  server,
  service,
}) => {
  const puppet = await registerServiceUser(server, service, '_bridge_puppet4');
  const roomId = await createRoom(puppet, { preset: 'public_chat' });
  await service.untilEvent(await sendText(puppet, roomId, 'taken'));
  // It takes the transaction, but the server dies before it hears of it.
  const asked = service.requests.length;
  service.answer = () => undefined;
  const eventId = await sendText(puppet, roomId, 'unanswered');
  const unanswered = await service.until(() => service.requests[asked]);
  await server.kill();
  service.answer = () => ({ status: 200, body: {} });
  await server.restart();
  await service.untilEvent(eventId);
  assert.equal(service.requests[asked + 1]?.target, unanswered.target);
  assert.deepEqual(service.requests[asked + 1]?.body, unanswered.body);
});

test('receipts, typing and presence are told where a service wants them', async ({
  server,
  service,
  alice,
}) => {
  const puppet = await registerServiceUser(server, service, '_bridge_puppet5');
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  const elsewhere = await createRoom(alice);
  await joinRoom(puppet, roomId);
  const eventId = await sendText(puppet, roomId, 'read me');
  const unseen = await sendText(alice, elsewhere, 'read me, too');
  const read = (user: typeof alice, type: string, where: string, of: string) =>
    ok(user, 'POST', roomPath(where, 'receipt', type, of), { body: {} });
  await read(alice, 'm.read', elsewhere, unseen);
  await read(alice, 'm.read.private', roomId, eventId);
  await read(alice, 'm.read', roomId, eventId);
  await read(puppet, 'm.read.private', roomId, eventId);
  await ok(alice, 'PUT', roomPath(roomId, 'typing', alice.userId), {
    body: { typing: true, timeout: 20_000 },
  });
  await ok(alice, 'PUT', `${v3}/presence/${encodeURIComponent(alice.userId)}/status`, {
    body: { presence: 'online', status_msg: 'here' },
  });
  const ephemeral = (): unknown[] =>
    service.transactions().flatMap((body) => {
      assert.deepEqual(valueAt(body, 'ephemeral'), valueAt(body, 'de.sorunome.msc2409.ephemeral'));
      return valueAt(body, 'ephemeral') === undefined ? [] : listAt(body, 'ephemeral');
    });
  const of = (type: string): unknown[] =>
    ephemeral().filter((event) => valueAt(event, 'type') === type);
  await service.until(() =>
    of('m.receipt').length > 0 && of('m.typing').length > 0 && of('m.presence').length > 0
      ? true
      : undefined,
  );
  await service.until(() =>
    of('m.receipt').some(
      (event) => valueAt(event, 'content', eventId, 'm.read.private', puppet.userId) !== undefined,
    )
      ? true
      : undefined,
  );
  const receipts = of('m.receipt');
  assert.ok(!receipts.some((event) => valueAt(event, 'room_id') === elsewhere));
  assert.ok(
    receipts.every(
      (event) => valueAt(event, 'content', eventId, 'm.read.private', alice.userId) === undefined,
    ),
  );
  assert.ok(
    receipts.some(
      (event) => valueAt(event, 'content', eventId, 'm.read', alice.userId) !== undefined,
    ),
  );
  const typing = of('m.typing').find((event) => valueAt(event, 'room_id') === roomId);
  assert.deepEqual(typing, {
    type: 'm.typing',
    room_id: roomId,
    content: { user_ids: [alice.userId] },
  });
  const presence = of('m.presence').find((event) => valueAt(event, 'sender') === alice.userId);
  assert.equal(valueAt(presence, 'content', 'presence'), 'online');
});

test('messages to devices, device lists and the numbers of keys are told where a service wants them', async ({
  server,
  service,
  alice,
}) => {
  const puppet = await registerServiceUser(server, service, '_bridge_puppet6');
  await ok(puppet, 'GET', `${v3}/account/whoami`);
  await puppet.request('PUT', `${v3}/devices/BRIDGE`, { body: {} });
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(puppet, roomId);
  const keys = {
    user_id: puppet.userId,
    device_id: 'BRIDGE',
    algorithms: ['m.olm.v1.curve25519-aes-sha2'],
    keys: { 'curve25519:BRIDGE': 'curve', 'ed25519:BRIDGE': 'edward' },
    signatures: {},
  };
  await ok(puppet, 'POST', `${v3}/keys/upload`, {
    body: {
      device_keys: keys,
      one_time_keys: { 'signed_curve25519:A': { key: 'one', signatures: {} } },
    },
    query: { device_id: 'BRIDGE' },
  });
  const found = <T>(read: (body: unknown) => T | undefined): Promise<T> =>
    service.until(() => {
      for (const body of service.transactions()) {
        const value = read(body);
        if (value !== undefined) return value;
      }
      return undefined;
    });
  const lists = 'org.matrix.msc3202.device_lists';
  await found((body) => {
    const changed = valueAt(body, lists, 'changed');
    return Array.isArray(changed) && changed.includes(puppet.userId) ? true : undefined;
  });
  await ok(alice, 'PUT', `${v3}/sendToDevice/m.room.encrypted/txn1`, {
    body: { messages: { [puppet.userId]: { BRIDGE: { secret: 'yes' } } } },
  });
  const body = await found((each) =>
    valueAt(each, 'de.sorunome.msc2409.to_device') === undefined ? undefined : { each },
  );
  assert.deepEqual(valueAt(body.each, 'de.sorunome.msc2409.to_device'), [
    {
      type: 'm.room.encrypted',
      sender: alice.userId,
      content: { secret: 'yes' },
      to_user_id: puppet.userId,
      to_device_id: 'BRIDGE',
    },
  ]);
  // What the service has been told waits for the device no longer.
  const synced = await ok(puppet, 'GET', `${v3}/sync`, { query: { device_id: 'BRIDGE' } });
  assert.deepEqual(listAt(synced, 'to_device', 'events'), []);
  const counts = 'org.matrix.msc3202.device_one_time_keys_count';
  assert.deepEqual(valueAt(body.each, counts, puppet.userId, 'BRIDGE'), { signed_curve25519: 1 });
  const fallbacks = 'org.matrix.msc3202.device_unused_fallback_key_types';
  assert.deepEqual(valueAt(body.each, fallbacks, puppet.userId, 'BRIDGE'), []);
});

test('a service without a URL is told nothing, and is one all the same', async (given) => {
  const { server, service, silent, alice } = given;
  const bot = silent.as(server);
  const room = { preset: 'public_chat', room_alias_name: 'watched-by-others' };
  const roomId = await createRoom(alice, room);
  await joinRoom(bot, roomId);
  await service.untilEvent(await sendText(bot, roomId, 'for nobody here'));
  assert.deepEqual(silent.requests, []);
});
