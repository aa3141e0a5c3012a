import assert from 'node:assert/strict';

import { api } from '../harness/api.ts';
import { createRoom } from '../harness/client.ts';
import { listAt, textAt } from '../harness/json-path.ts';
import { ok, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const list = `${v3}/publicRooms`;

const open = serverTests({ allow_public_rooms_without_auth: true });

open('where the operator allows it, the list is there for everyone', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice, { visibility: 'public' });
  const { status, body } = await api(given.server.url).request('GET', list);
  assert.equal(status, 200);
  assert.deepEqual(
    listAt(body, 'chunk').map((room) => textAt(room, 'room_id')),
    [roomId],
  );
});

const closed = serverTests({ enable_room_list_search: false });

closed('where the operator has no list, nothing is published', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice, { visibility: 'public' });
  assert.equal(
    await refusal(alice, 'PUT', `${v3}/directory/list/room/${encodeURIComponent(roomId)}`, {
      body: {},
    }),
    '403 M_FORBIDDEN',
  );
  const page = await ok(alice, 'GET', list);
  assert.deepEqual(page, { chunk: [], total_room_count_estimate: 0 });
});
