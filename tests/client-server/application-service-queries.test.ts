import assert from 'node:assert/strict';
import { after } from 'node:test';

import {
  registerServiceUser,
  startApplicationService,
  type ServiceAnswer,
} from '../harness/application-service.ts';
import { createRoom, joinRoom, type TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { act, ok, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const service = await startApplicationService({ registration: { protocols: ['irc', 'broken'] } });
const urlless = await startApplicationService({
  id: 'urlless',
  senderLocalpart: 'urlless-bot',
  namespaces: {},
  registration: { url: null, protocols: ['irc'] },
});
const unreached = await startApplicationService({
  id: 'unreached',
  senderLocalpart: 'unreached-bot',
  namespaces: {},
});
await unreached.close();
after(async () => {
  await service.close();
  await urlless.close();
});
const test = serverTests({
  app_service_config_files: [service, urlless, unreached].map((each) => each.registrationFile),
  user_directory: { search_all_users: true },
});

/** Has the service answer requests of this kind so, for as long as the body runs. */
async function answering(
  to: RegExp,
  answer: (target: string) => ServiceAnswer | undefined | Promise<ServiceAnswer | undefined>,
  body: () => Promise<void>,
): Promise<void> {
  const usual = service.answer;
  service.answer = (request) => (to.test(request.target) ? answer(request.target) : usual(request));
  try {
    await body();
  } finally {
    service.answer = usual;
  }
}

const notFound: ServiceAnswer = { status: 404, body: { errcode: 'M_NOT_FOUND' } };

function ping(user: TestUser, serviceId: string, body: object = {}): Promise<string> {
  return refusal(user, 'POST', `/_matrix/client/v1/appservice/${serviceId}/ping`, { body });
}

test('a service asks whether it is reached', async (given) => {
  const bot = service.as(given.server);
  const path = '/_matrix/client/v1/appservice/bridge/ping';
  const before = service.requests.length;
  const answer = await ok(bot, 'POST', path, { body: { transaction_id: 'meow' } });
  const durationMs = valueAt(answer, 'duration_ms');
  assert.ok(Number.isInteger(durationMs));
  const asked = service.requests.slice(before).find(({ target }) => target.endsWith('/ping'));
  assert.equal(asked?.target, '/_matrix/app/v1/ping');
  assert.equal(asked.authorization, `Bearer ${service.hsToken}`);
  assert.deepEqual(asked.body, { transaction_id: 'meow' });
  assert.equal(await ping(await given.user('alice'), 'bridge'), '403 M_FORBIDDEN');
  assert.equal(await ping(bot, 'urlless'), '403 M_FORBIDDEN');
  assert.equal(await ping(urlless.as(given.server), 'urlless'), '400 M_URL_NOT_SET');
  const silent = unreached.as(given.server);
  assert.equal(await ping(silent, 'unreached'), '502 M_CONNECTION_FAILED');
  const wrong = { status: 403, body: { errcode: 'M_FORBIDDEN' } };
  await answering(
    /ping$/,
    () => wrong,
    async () => {
      const refused = await bot.request('POST', path, { body: {} });
      assert.equal(refused.status, 502);
      assert.equal(valueAt(refused.body, 'errcode'), 'M_BAD_STATUS');
      assert.equal(valueAt(refused.body, 'status'), 403);
      assert.equal(valueAt(refused.body, 'body'), '{"errcode":"M_FORBIDDEN"}');
    },
  );
});

test('a service is asked for a room by its alias, and makes it meanwhile', async (given) => {
  const alice = await given.user('alice');
  const bot = service.as(given.server);
  let roomId = '';
  const make = async (target: string): Promise<ServiceAnswer> => {
    const alias = decodeURIComponent(target.split('/').at(-1) ?? '');
    const name = alias.slice(1).split(':')[0];
    roomId = await createRoom(bot, { preset: 'public_chat', room_alias_name: name });
    return { status: 200, body: {} };
  };
  await answering(/\/rooms\//, make, async () => {
    assert.equal(await joinRoom(alice, '#_bridge_made:soma.test'), roomId);
  });
  const before = service.requests.length;
  const found = `${v3}/directory/room/${encodeURIComponent('#_bridge_absent:soma.test')}`;
  await answering(
    /\/rooms\//,
    () => notFound,
    async () => {
      assert.equal(await refusal(alice, 'GET', found), '404 M_NOT_FOUND');
    },
  );
  const asked = service.requests.slice(before).filter(({ target }) => target.includes('absent'));
  assert.deepEqual(
    asked.map(({ target }) => target),
    ['/_matrix/app/v1/rooms/%23_bridge_absent%3Asoma.test', '/rooms/%23_bridge_absent%3Asoma.test'],
  );
  const others = `${v3}/directory/room/${encodeURIComponent('#unbridged:soma.test')}`;
  assert.equal(await refusal(alice, 'GET', others), '404 M_NOT_FOUND');
  assert.ok(!service.requests.some(({ target }) => target.includes('unbridged')));
});

test('a service is asked for a user who is invited or looked at', async (given) => {
  const alice = await given.user('alice');
  const make = async (target: string): Promise<ServiceAnswer> => {
    const userId = decodeURIComponent(target.split('/').at(-1) ?? '');
    const localpart = userId.slice(1).split(':')[0] ?? '';
    await registerServiceUser(given.server, service, localpart);
    return { status: 200, body: {} };
  };
  await answering(/\/users\//, make, async () => {
    const profile = await ok(
      alice,
      'GET',
      `${v3}/profile/${encodeURIComponent('@_bridge_seen:soma.test')}`,
    );
    assert.equal(valueAt(profile, 'displayname'), '_bridge_seen');
    const roomId = await createRoom(alice);
    await act(alice, roomId, 'invite', { user_id: '@_bridge_invited:soma.test' });
    await joinRoom(service.as(given.server, '@_bridge_invited:soma.test'), roomId);
    const invite = ['@_bridge_first:soma.test'];
    const other = await createRoom(alice, { invite });
    await joinRoom(service.as(given.server, '@_bridge_first:soma.test'), other);
  });
  const before = service.requests.length;
  const known = encodeURIComponent('@_bridge_seen:soma.test');
  await ok(alice, 'GET', `${v3}/profile/${known}/displayname`);
  assert.ok(!service.requests.slice(before).some(({ target }) => target.includes('/users/')));
  await answering(
    /\/users\//,
    () => notFound,
    async () => {
      const absent = encodeURIComponent('@_bridge_absent:soma.test');
      assert.equal(await refusal(alice, 'GET', `${v3}/profile/${absent}`), '404 M_NOT_FOUND');
    },
  );
});

const IRC = {
  user_fields: ['network', 'nickname'],
  location_fields: ['network', 'channel'],
  icon: 'mxc://example.org/icon',
  field_types: { nickname: { regexp: '[^\\s]+', placeholder: 'name' } },
  instances: [{ network_id: 'libera', desc: 'Libera', fields: { network: 'libera' } }],
};

function networks(target: string): ServiceAnswer {
  const { pathname, searchParams } = new URL(target, 'http://service');
  const [, kind = '', name] = pathname.split('thirdparty/')[1]?.match(/^(\w+)\/?(.*)$/) ?? [];
  if (kind === 'protocol') return name === 'irc' ? { status: 200, body: IRC } : { status: 500 };
  const fields = Object.fromEntries(searchParams);
  if (searchParams.get('channel') === 'none') return { status: 200, body: [] };
  const found =
    kind === 'user'
      ? { userid: '@_bridge_nick:soma.test', protocol: 'irc', fields }
      : { alias: '#_bridge_chan:soma.test', protocol: 'irc', fields };
  return { status: 200, body: [found, { no: 'result' }] };
}

test('clients look up other networks through their services', async (given) => {
  const alice = await given.user('alice');
  const get = (path: string, query = {}): Promise<unknown> =>
    ok(alice, 'GET', `${v3}/thirdparty/${path}`, { query });
  await answering(/thirdparty/, networks, async () => {
    const described = {
      ...IRC,
      instances: [{ ...IRC.instances[0], instance_id: 'bridge|libera' }],
    };
    assert.deepEqual(await get('protocols'), { irc: described });
    assert.deepEqual(await get('protocol/irc'), described);
    assert.deepEqual(await get('user/irc', { nickname: 'nick' }), [
      { userid: '@_bridge_nick:soma.test', protocol: 'irc', fields: { nickname: 'nick' } },
    ]);
    assert.deepEqual(await get('location/irc', { channel: '#soma' }), [
      { alias: '#_bridge_chan:soma.test', protocol: 'irc', fields: { channel: '#soma' } },
    ]);
    assert.equal(listOf(await get('user', { userid: '@_bridge_nick:soma.test' })).length, 1);
    assert.equal(listOf(await get('location', { alias: '#_bridge_chan:soma.test' })).length, 1);
    const none = { query: { channel: 'none' } };
    const refused = (path: string, options = {}): Promise<string> =>
      refusal(alice, 'GET', `${v3}/thirdparty/${path}`, options);
    assert.equal(await refused('location/irc', none), '404 M_NOT_FOUND');
    assert.equal(await refused('protocol/smtp'), '404 M_NOT_FOUND');
    assert.equal(await refused('protocol/broken'), '404 M_NOT_FOUND');
    assert.equal(await refused('user'), '400 M_MISSING_PARAM');
  });
});

function listOf(value: unknown): unknown[] {
  return listAt({ value }, 'value');
}

test('a service has a directory of published rooms for each network', async (given) => {
  const alice = await given.user('alice');
  const bot = service.as(given.server);
  const bridged = await createRoom(bot, { preset: 'public_chat', name: 'Bridged' });
  const published = await createRoom(alice, { visibility: 'public', name: 'Published' });
  const list = (roomId: string): string =>
    `${v3}/directory/list/appservice/libera/${encodeURIComponent(roomId)}`;
  const show = { body: { visibility: 'public' } };
  assert.equal(await refusal(alice, 'PUT', list(bridged), show), '403 M_FORBIDDEN');
  assert.equal(await refusal(bot, 'PUT', list('!none:soma.test'), show), '404 M_NOT_FOUND');
  assert.equal(await refusal(bot, 'PUT', list(bridged), show), '200');
  const roomsOf = async (body: object): Promise<string[]> => {
    const answer = await ok(alice, 'POST', `${v3}/publicRooms`, { body });
    assert.equal(valueAt(answer, 'total_room_count_estimate'), listAt(answer, 'chunk').length);
    return listAt(answer, 'chunk').map((room) => textAt(room, 'room_id'));
  };
  const network = { third_party_instance_id: 'bridge|libera' };
  assert.deepEqual(await roomsOf(network), [bridged]);
  assert.deepEqual(await roomsOf({ third_party_instance_id: 'bridge|other' }), []);
  assert.deepEqual(await roomsOf({}), [published]);
  assert.deepEqual(
    new Set(await roomsOf({ include_all_networks: true })),
    new Set([bridged, published]),
  );
  const both = { body: { ...network, include_all_networks: true } };
  assert.equal(await refusal(alice, 'POST', `${v3}/publicRooms`, both), '400 M_INVALID_PARAM');
  const hide = { body: { visibility: 'private' } };
  assert.equal(await refusal(bot, 'PUT', list(bridged), hide), '200');
  assert.deepEqual(await roomsOf(network), []);
  assert.equal(await refusal(bot, 'PUT', list(bridged), show), '200');
  assert.equal(await refusal(bot, 'DELETE', list(bridged)), '200');
  assert.deepEqual(await roomsOf(network), []);
});

test('users of services are not found in the user directory', async (given) => {
  const alice = await given.user('alice');
  await registerServiceUser(given.server, service, '_bridge_hidden');
  await given.user('hidden-human');
  const body = { search_term: 'hidden' };
  const answer = await ok(alice, 'POST', `${v3}/user_directory/search`, { body });
  assert.deepEqual(
    listAt(answer, 'results').map((user) => textAt(user, 'user_id')),
    ['@hidden-human:soma.test'],
  );
});
