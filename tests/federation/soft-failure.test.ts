import assert from 'node:assert/strict';

import { pathOf } from '../harness/api.ts';
import { createRoom, joinRoom, registerUser, sendText, sync } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import { soonAgain } from '../harness/federation.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { federationTests } from './federation-test.ts';
import { readTexts, untilTexts } from './room-texts.ts';

const test = federationTests(soonAgain);

async function syncedTexts(user: TestUser, roomId: string): Promise<unknown[]> {
  const { body } = await sync(user, { filter: { room: { timeline: { limit: 50 } } } });
  return listAt(body, 'rooms', 'join', roomId, 'timeline', 'events')
    .filter((event) => valueAt(event, 'type') === 'm.room.message')
    .map((event) => valueAt(event, 'content', 'body'));
}

test('what a user sent without knowing of a ban is not shown where the ban was known', async ({
  one,
  two,
}) => {
  const alice = await registerUser(one, 'banning');
  const [bob, carol] = [await registerUser(two, 'banned'), await registerUser(two, 'onlooker')];
  const roomId = await createRoom(alice, { preset: 'public_chat', room_alias_name: 'order' });
  for (const user of [bob, carol]) await joinRoom(user, `#order:${one.serverName}`);
  await two.stop();
  const rooms = pathOf`/_matrix/client/v3/rooms/${roomId}`;
  const body = { user_id: bob.userId };
  assert.equal((await alice.request('POST', `${rooms}/ban`, { body })).status, 200);
  await one.stop();
  await two.restart();
  await sendText(bob, roomId, 'of the banned');
  await sendText(carol, roomId, 'of the onlooker');
  await one.restart();
  await untilTexts(alice, roomId, ['of the onlooker']);
  await sendText(alice, roomId, 'order again');
  await untilTexts(carol, roomId, ['of the banned', 'of the onlooker', 'order again']);
  await sendText(carol, roomId, 'fine');
  await untilTexts(alice, roomId, ['fine', 'of the onlooker', 'order again']);
  assert.deepEqual(await syncedTexts(alice, roomId), ['of the onlooker', 'order again', 'fine']);
  assert.ok(!(await readTexts(alice, roomId)).includes('of the banned'));
  for (const user of [alice, carol]) {
    const path = rooms + pathOf`/state/m.room.member/${bob.userId}`;
    assert.equal(valueAt((await user.request('GET', path)).body, 'membership'), 'ban');
  }
  const refused = await bob.request('PUT', `${rooms}/send/m.room.message/1`, { body: {} });
  assert.equal(refused.status, 403);
});
