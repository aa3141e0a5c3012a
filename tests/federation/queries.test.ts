import assert from 'node:assert/strict';

import { pathOf } from '../harness/api.ts';
import { createRoom, registerUser } from '../harness/client.ts';
import { assertRefused, federationTests } from './federation-test.ts';

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
});

test('another server learns the room of an alias', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const bob = await registerUser(one, 'bob');
  const roomId = await createRoom(bob, { room_alias_name: 'lounge' });
  const query = (alias: string) => {
    const path = `/_matrix/federation/v1/query/directory?room_alias=${encodeURIComponent(alias)}`;
    return peer.request(one.serverName, 'GET', path);
  };
  const { status, body } = await query(`#lounge:${one.serverName}`);
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(body, { room_id: roomId, servers: [one.serverName] });
  assertRefused(await query(`#nothing:${one.serverName}`), 404, 'M_NOT_FOUND');
  assertRefused(await query('lounge'), 400, 'M_INVALID_PARAM');
});
