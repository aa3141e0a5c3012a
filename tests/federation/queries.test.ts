import assert from 'node:assert/strict';

import { act } from '../client-server/requests.ts';
import { pathOf } from '../harness/api.ts';
import { createRoom, registerUser } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { PlayedUser } from './played-user.ts';

const test = federationTests();

test('another server sees the whole profile of a user, or a field of it', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const alice = await registerUser(one, 'alice');
  const field = `/_matrix/client/v3${pathOf`/profile/${alice.userId}/m.tz`}`;
  const set = await alice.request('PUT', field, { body: { 'm.tz': 'Europe/Paris' } });
  assert.equal(set.status, 200, JSON.stringify(set.body));
  const path = `/_matrix/federation/v1/query/profile?user_id=${encodeURIComponent(alice.userId)}`;
  const get = async (target: string): Promise<unknown> =>
    (await peer.request(one.serverName, 'GET', target)).body;
  assert.deepEqual(await get(path), { displayname: 'alice', 'm.tz': 'Europe/Paris' });
  assert.deepEqual(await get(`${path}&field=m.tz`), { 'm.tz': 'Europe/Paris' });
  assert.deepEqual(await get(`${path}&field=avatar_url`), {});
  const none = await peer.request(one.serverName, 'GET', `${path}&field=org.example.none`);
  assertRefused(none, 404, 'M_NOT_FOUND');
});

test('another server learns the room of an alias', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const bob = await registerUser(one, 'bob');
  const roomId = await createRoom(bob, { preset: 'public_chat', room_alias_name: 'lounge' });
  const query = (alias: string) => {
    const path = `/_matrix/federation/v1/query/directory?room_alias=${encodeURIComponent(alias)}`;
    return peer.request(one.serverName, 'GET', path);
  };
  const { status, body } = await query(`#lounge:${one.serverName}`);
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(body, { room_id: roomId, servers: [one.serverName] });
  const servers = async (): Promise<unknown> =>
    valueAt((await query(`#lounge:${one.serverName}`)).body, 'servers');
  await new PlayedUser(peer, 'guest').become(one, 'join', roomId);
  assert.deepEqual(await servers(), [one.serverName, peer.serverName]);
  // Who asks a server that has left the room would be sent away by it.
  await act(bob, roomId, 'leave');
  assert.deepEqual(await servers(), [peer.serverName]);
  assertRefused(await query(`#nothing:${one.serverName}`), 404, 'M_NOT_FOUND');
  assertRefused(await query('lounge'), 400, 'M_INVALID_PARAM');
});

test('a query of a type that nobody knows is refused, once the server has proven itself', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const path = '/_matrix/federation/v1/query/org.example.weather?place=here';
  const ask = (method: string, options = {}) => peer.request(one.serverName, method, path, options);
  assertRefused(await ask('GET'), 404, 'M_UNRECOGNIZED');
  assertRefused(await ask('GET', { authorization: null }), 401, 'M_UNAUTHORIZED');
  assertRefused(await ask('POST', { body: {} }), 405, 'M_UNRECOGNIZED');
});

test('a client reads the profile of a user of another server, or a field of it', async ({
  one,
  two,
}) => {
  const carol = await registerUser(one, 'carol');
  const dave = await registerUser(two, 'dave');
  const own = `/_matrix/client/v3${pathOf`/profile/${dave.userId}`}`;
  await dave.request('PUT', `${own}/m.tz`, { body: { 'm.tz': 'Europe/Paris' } });
  const read = async (rest: string): Promise<unknown> =>
    (await carol.request('GET', own + rest)).body;
  assert.deepEqual(await read(''), { displayname: 'dave', 'm.tz': 'Europe/Paris' });
  assert.deepEqual(await read('/displayname'), { displayname: 'dave' });
  assert.deepEqual(await read('/avatar_url'), {});
  assert.deepEqual(await read('/m.tz'), { 'm.tz': 'Europe/Paris' });
  assertRefused(await carol.request('GET', `${own}/org.example.none`), 404, 'M_NOT_FOUND');
  const nobody = `/_matrix/client/v3${pathOf`/profile/${`@nobody:${two.serverName}`}`}`;
  assertRefused(await carol.request('GET', nobody), 404, 'M_NOT_FOUND');
});

test('a profile that its server does not give, or gives in another shape, harms nobody', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const erin = await registerUser(one, 'erin');
  const path = `/_matrix/client/v3${pathOf`/profile/${`@frank:${peer.serverName}`}`}`;
  const answers = (status: number, body: unknown): void => {
    peer.answer = (_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
  };
  answers(200, { displayname: null, avatar_url: 7, 'm.tz': 'Europe/Paris' });
  assert.deepEqual((await erin.request('GET', path)).body, { 'm.tz': 'Europe/Paris' });
  answers(200, { displayname: 'Frank', 'm.tz': 7, 'org.example.shoes': 44 });
  assert.deepEqual((await erin.request('GET', path)).body, {
    displayname: 'Frank',
    'org.example.shoes': 44,
  });
  answers(403, { errcode: 'M_FORBIDDEN', error: 'no' });
  assertRefused(await erin.request('GET', path), 403, 'M_FORBIDDEN');
  answers(200, ['not', 'a', 'profile']);
  assertRefused(await erin.request('GET', path), 404, 'M_NOT_FOUND');
  answers(500, {});
  assertRefused(await erin.request('GET', path), 502, 'M_UNKNOWN');
});
