import assert from 'node:assert/strict';
import { after } from 'node:test';

import { ok, v3 } from '../client-server/requests.ts';
import { startApplicationService } from '../harness/application-service.ts';
import { createRoom, registerUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { assertRefused, federationTests } from './federation-test.ts';

const service = await startApplicationService();
after(() => service.close());
const test = federationTests({
  app_service_config_files: [service.registrationFile],
  allow_public_rooms_over_federation: true,
});

test('another server sees the published rooms of a network, or of all', async (given) => {
  const { one, newPeer } = given;
  const peer = await newPeer();
  const bot = service.as(one);
  const bridged = await createRoom(bot, { preset: 'public_chat', name: 'Bridged' });
  const alice = await registerUser(one, 'publisher');
  const published = await createRoom(alice, { visibility: 'public', name: 'Published' });
  const list = `${v3}/directory/list/appservice/libera/${encodeURIComponent(bridged)}`;
  await ok(bot, 'PUT', list, { body: { visibility: 'public' } });
  const path = '/_matrix/federation/v1/publicRooms';
  const get = (query: string) => peer.request(one.serverName, 'GET', `${path}?${query}`);
  const post = (body: Record<string, string | boolean>) =>
    peer.request(one.serverName, 'POST', path, { body });
  const rooms = async (answer: ReturnType<typeof get>): Promise<Set<unknown>> => {
    const { status, body } = await answer;
    assert.equal(status, 200, JSON.stringify(body));
    return new Set(listAt(body, 'chunk').map((room) => valueAt(room, 'room_id')));
  };
  const network = `${service.id}|libera`;
  const named = `third_party_instance_id=${encodeURIComponent(network)}`;
  assert.deepEqual(await rooms(get('')), new Set([published]));
  assert.deepEqual(await rooms(get(named)), new Set([bridged]));
  assert.deepEqual(await rooms(get('include_all_networks=true')), new Set([published, bridged]));
  assert.deepEqual(await rooms(post({})), new Set([published]));
  assert.deepEqual(await rooms(post({ third_party_instance_id: network })), new Set([bridged]));
  assert.deepEqual(
    await rooms(post({ include_all_networks: true })),
    new Set([published, bridged]),
  );
  assert.deepEqual(await rooms(get('third_party_instance_id=other')), new Set());
  assertRefused(await get(`${named}&include_all_networks=true`), 400, 'M_INVALID_PARAM');
  assertRefused(await get('include_all_networks=maybe'), 400, 'M_INVALID_PARAM');
  // And through another Soma.
  const carol = await registerUser(given.two, 'elsewhere');
  const query = { server: one.serverName };
  const asked = await ok(carol, 'POST', `${v3}/publicRooms`, {
    query,
    body: { third_party_instance_id: network },
  });
  assert.deepEqual(
    listAt(asked, 'chunk').map((room) => valueAt(room, 'room_id')),
    [bridged],
  );
});
