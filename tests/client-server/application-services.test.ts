import assert from 'node:assert/strict';
import { after } from 'node:test';

import { api } from '../harness/api.ts';
import { registerServiceUser, startApplicationService } from '../harness/application-service.ts';
import { createRoom, joinRoom, sendText, type TestUser } from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { ok, outcome, refusal, roomPath, v3 } from './requests.ts';
import { serverTests, type ServerUnderTest } from './server-test.ts';

const service = await startApplicationService();
const other = await startApplicationService({
  id: 'other',
  senderLocalpart: 'other-bot',
  namespaces: { users: [{ exclusive: false, regex: '@_bridge_shared.*' }] },
  registration: { url: null },
});
after(async () => {
  await service.close();
  await other.close();
});
const test = serverTests({
  app_service_config_files: [service.registrationFile, other.registrationFile],
  track_appservice_user_ips: true,
});

const type = 'm.login.application_service';

async function register(given: ServerUnderTest, body: object, token?: string): Promise<string> {
  const options = { body: { type, inhibit_login: true, ...body } };
  const bearer = token === undefined ? {} : { token };
  const anyone = api(given.server.url);
  return outcome(await anyone.request('POST', `${v3}/register`, { ...options, ...bearer }));
}

function aliasPath(alias: string): string {
  return `${v3}/directory/room/${encodeURIComponent(alias)}`;
}

test('a service is its sender, who is there without being registered', async (given) => {
  const bot = service.as(given.server);
  const who = await ok(bot, 'GET', `${v3}/account/whoami`);
  assert.deepEqual(who, { user_id: '@_bridge_bot:soma.test', is_guest: false });
  const asQuery = await api(given.server.url).request('GET', `${v3}/account/whoami`, {
    query: { access_token: service.asToken },
  });
  assert.deepEqual(asQuery.body, who);
  const roomId = await createRoom(bot);
  await sendText(bot, roomId, 'from the bridge');
});

test('a service acts as the users that it registered, and as nobody else', async (given) => {
  const alice = await given.user('alice');
  const mine = await registerServiceUser(given.server, service, '_bridge_mine');
  const who = await ok(mine, 'GET', `${v3}/account/whoami`);
  assert.deepEqual(who, { user_id: mine.userId, is_guest: false });
  const as = (userId: string): Promise<string> =>
    refusal(service.as(given.server, userId), 'GET', `${v3}/account/whoami`);
  assert.equal(await as(alice.userId), '403 M_FORBIDDEN');
  assert.equal(await as('@_bridge_nobody:soma.test'), '403 M_FORBIDDEN');
  assert.equal(await as('@_bridge_mine:elsewhere.test'), '403 M_FORBIDDEN');
  assert.equal(await as('no user'), '403 M_FORBIDDEN');
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(mine, roomId);
  const eventId = await sendText(mine, roomId, 'hello');
  const event = await ok(alice, 'GET', roomPath(roomId, 'event', eventId));
  assert.equal(valueAt(event, 'sender'), mine.userId);
});

test('registration for a service wants its token and a name of its own', async (given) => {
  const wrong = 'no-token-of-anybody';
  assert.equal(await register(given, { username: '_bridge_a' }), '401 M_MISSING_TOKEN');
  assert.equal(await register(given, { username: '_bridge_a' }, wrong), '401 M_UNKNOWN_TOKEN');
  const token = service.asToken;
  assert.equal(await register(given, { username: 'human' }, token), '400 M_EXCLUSIVE');
  assert.equal(await register(given, {}, token), '400 M_MISSING_PARAM');
  assert.equal(
    await register(given, { username: '_bridge_\u0000' }, token),
    '400 M_INVALID_USERNAME',
  );
  assert.equal(await register(given, { username: '_bridge_a' }, token), '200');
  assert.equal(await register(given, { username: '_bridge_a' }, token), '400 M_USER_IN_USE');
  // Bridges have users of names that nobody else may have any more.
  assert.equal(await register(given, { username: '_bridge_T1_U2' }, token), '200');
  // A namespace of another service's own.
  const shared = { username: '_bridge_shared' };
  assert.equal(await register(given, shared, other.asToken), '400 M_EXCLUSIVE');
});

test('nobody else registers a name of a service', async (given) => {
  const anyone = api(given.server.url);
  const body = { username: '_bridge_b', password: 'correct horse battery staple' };
  const registering = await anyone.request('POST', `${v3}/register`, { body });
  assert.equal(valueAt(registering.body, 'errcode'), 'M_EXCLUSIVE');
  assert.equal(registering.status, 400);
  const asking = await anyone.request('GET', `${v3}/register/available`, {
    query: { username: 'other-bot' },
  });
  assert.equal(valueAt(asking.body, 'errcode'), 'M_EXCLUSIVE');
});

test('a service logs in as its users, without a password', async (given) => {
  await registerServiceUser(given.server, service, '_bridge_phone');
  const anyone = api(given.server.url);
  const flows = await anyone.request('GET', `${v3}/login`);
  assert.ok(JSON.stringify(flows.body).includes(type));
  const login = async (user: string, token?: string, of = type): Promise<unknown> => {
    const body = { type: of, identifier: { type: 'm.id.user', user } };
    const options = token === undefined ? { body } : { body, token };
    return (await anyone.request('POST', `${v3}/login`, options)).body;
  };
  const session = await login('_bridge_phone', service.asToken);
  const token = textAt(session, 'access_token');
  const who = await anyone.request('GET', `${v3}/account/whoami`, { token });
  assert.equal(valueAt(who.body, 'device_id'), textAt(session, 'device_id'));
  const old = 'uk.half-shot.msc2778.login.application_service';
  textAt(await login('_bridge_phone', service.asToken, old), 'access_token');
  const errcodeOf = async (user: string, bearer?: string): Promise<string> =>
    textAt(await login(user, bearer), 'errcode');
  assert.equal(await errcodeOf('_bridge_phone'), 'M_MISSING_TOKEN');
  assert.equal(await errcodeOf('_bridge_phone', 'wrong'), 'M_UNKNOWN_TOKEN');
  assert.equal(await errcodeOf('alice', service.asToken), 'M_EXCLUSIVE');
  assert.equal(await errcodeOf('_bridge_absent', service.asToken), 'M_FORBIDDEN');
});

test('a service makes devices, acts as them, and deletes them unasked', async (given) => {
  const user = await registerServiceUser(given.server, service, '_bridge_devices');
  const device = `${v3}/devices/BRIDGE`;
  const made = await user.request('PUT', device, { body: { display_name: 'Bridge' } });
  assert.equal(made.status, 201);
  const renamed = await user.request('PUT', device, { body: { display_name: 'Bridge 2' } });
  assert.equal(renamed.status, 200);
  const who = await ok(user, 'GET', `${v3}/account/whoami`, { query: { device_id: 'BRIDGE' } });
  assert.deepEqual(who, { user_id: user.userId, device_id: 'BRIDGE', is_guest: false });
  const unstable = { 'org.matrix.msc3202.device_id': 'BRIDGE' };
  assert.deepEqual(await ok(user, 'GET', `${v3}/account/whoami`, { query: unstable }), who);
  const unknown = { query: { device_id: 'OTHER' } };
  assert.equal(await refusal(user, 'GET', `${v3}/account/whoami`, unknown), '400 M_UNKNOWN_DEVICE');
  const seen = await ok(user, 'GET', device);
  assert.equal(valueAt(seen, 'display_name'), 'Bridge 2');
  assert.equal(valueAt(seen, 'last_seen_ip'), '127.0.0.1');
  assert.equal(await refusal(user, 'DELETE', device, { body: {} }), '200');
  assert.equal(await refusal(user, 'GET', device), '404 M_NOT_FOUND');
  const alice = await given.user('alice');
  assert.equal(
    await refusal(alice, 'PUT', `${v3}/devices/ABSENT`, { body: {} }),
    '404 M_NOT_FOUND',
  );
});

test('a service replaces cross-signing keys without a password', async (given) => {
  const user = await registerServiceUser(given.server, service, '_bridge_signing');
  const upload = (key: string): Promise<string> =>
    refusal(user, 'POST', `${v3}/keys/device_signing/upload`, {
      body: {
        master_key: {
          user_id: user.userId,
          usage: ['master'],
          keys: { [`ed25519:${key}`]: key },
        },
      },
    });
  assert.equal(await upload('A'.repeat(43)), '200');
  assert.equal(await upload('B'.repeat(42) + 'A'), '200');
});

test('exclusive aliases are for their service alone', async (given) => {
  const alice = await given.user('alice');
  const bot = service.as(given.server);
  const roomId = await createRoom(bot, { preset: 'public_chat' });
  await joinRoom(alice, roomId);
  const put = (user: TestUser, alias: string): Promise<string> =>
    refusal(user, 'PUT', aliasPath(alias), { body: { room_id: roomId } });
  assert.equal(await put(alice, '#_bridge_room:soma.test'), '400 M_EXCLUSIVE');
  assert.equal(await put(bot, '#free:soma.test'), '400 M_EXCLUSIVE');
  assert.equal(await put(bot, '#_bridge_room:soma.test'), '200');
  assert.equal(await put(alice, '#free:soma.test'), '200');
  const bridged = aliasPath('#_bridge_room:soma.test');
  assert.equal(await refusal(alice, 'DELETE', bridged), '400 M_EXCLUSIVE');
  assert.equal(await refusal(bot, 'DELETE', aliasPath('#free:soma.test')), '400 M_EXCLUSIVE');
  assert.equal(await refusal(bot, 'DELETE', bridged), '200');
  const body = { room_alias_name: '_bridge_new' };
  assert.equal(await refusal(alice, 'POST', `${v3}/createRoom`, { body }), '400 M_EXCLUSIVE');
  assert.equal(await refusal(bot, 'POST', `${v3}/createRoom`, { body }), '200');
});

test('a service says when an event was sent, others do not', async (given) => {
  const alice = await given.user('alice');
  const bot = service.as(given.server);
  const roomId = await createRoom(bot, { preset: 'public_chat' });
  await joinRoom(alice, roomId);
  const query = { ts: 1_234_567_890_123 };
  const timeOf = async (eventId: string): Promise<unknown> =>
    valueAt(await ok(alice, 'GET', roomPath(roomId, 'event', eventId)), 'origin_server_ts');
  const send = (user: TestUser, ts: object = query): Promise<unknown> =>
    ok(user, 'PUT', roomPath(roomId, 'send', 'm.room.message', Math.random().toString()), {
      body: { msgtype: 'm.text', body: 'then' },
      query: { ...ts },
    });
  const sent = await send(bot);
  assert.equal(await timeOf(textAt(sent, 'event_id')), query.ts);
  const state = await ok(bot, 'PUT', roomPath(roomId, 'state', 'm.room.topic'), {
    body: { topic: 'then' },
    query,
  });
  assert.equal(await timeOf(textAt(state, 'event_id')), query.ts);
  const joined = await registerServiceUser(given.server, service, '_bridge_joiner');
  const member = await ok(
    joined,
    'PUT',
    roomPath(roomId, 'state', 'm.room.member', joined.userId),
    { body: { membership: 'join' }, query },
  );
  assert.equal(await timeOf(textAt(member, 'event_id')), query.ts);
  const human = await send(alice);
  assert.notEqual(await timeOf(textAt(human, 'event_id')), query.ts);
  const wrong = roomPath(roomId, 'send', 'm.room.message', 'wrong');
  const refused = await refusal(bot, 'PUT', wrong, { body: {}, query: { ts: -1 } });
  assert.equal(refused, '400 M_INVALID_PARAM');
});

test('a repeated transaction of a service is answered as before', async (given) => {
  const bot = service.as(given.server);
  const roomId = await createRoom(bot);
  const body = { msgtype: 'm.text', body: 'once' };
  const path = roomPath(roomId, 'send', 'm.room.message', 'same');
  const first = await ok(bot, 'PUT', path, { body });
  assert.deepEqual(await ok(bot, 'PUT', path, { body }), first);
  const mine = await registerServiceUser(given.server, service, '_bridge_repeats');
  await ok(bot, 'POST', roomPath(roomId, 'invite'), { body: { user_id: mine.userId } });
  await joinRoom(mine, roomId);
  assert.notDeepEqual(await ok(mine, 'PUT', path, { body }), first);
});
