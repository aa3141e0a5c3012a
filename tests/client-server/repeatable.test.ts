import assert from 'node:assert/strict';

import { createRoom, logIn, sendText } from '../harness/client.ts';
import { textAt } from '../harness/json-path.ts';
import { apiV1, r0 } from './old-view.ts';
import { ok, readMessages, refusal, v3 } from './requests.ts';
import { tell } from './seen-event.ts';
import { serverTests } from './server-test.ts';

const test = serverTests();

test('a room that is made with a transaction ID is made once', async (given) => {
  const alice = await given.newUser();
  const make = async (base: string, txnId: string): Promise<string> =>
    textAt(await ok(alice, 'PUT', `${base}/createRoom/${txnId}`, { body: {} }), 'room_id');
  const first = await make(r0, 'one');
  assert.equal(await make(r0, 'one'), first);
  assert.equal(await make(apiV1, 'one'), first);
  assert.notEqual(await make(r0, 'two'), first);
});

test('a transaction ID counts for the device that uses it', async (given) => {
  const alice = await given.user('alice');
  const other = await logIn(given.server, 'alice');
  const path = `${r0}/createRoom/same`;
  const mine = await ok(alice, 'PUT', path, { body: {} });
  assert.notDeepEqual(await ok(other, 'PUT', path, { body: {} }), mine);
});

test('membership changes may be repeated, a refused one is tried again', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice);
  const room = encodeURIComponent(roomId);
  const join = `${r0}/join/${room}/t1`;
  assert.equal(await refusal(bob, 'PUT', join, { body: {} }), '403 M_FORBIDDEN');
  const invite = `${r0}/rooms/${room}/invite/t1`;
  for (const _ of [1, 2]) await ok(alice, 'PUT', invite, { body: { user_id: bob.userId } });
  await ok(bob, 'PUT', join, { body: {} });
  for (const _ of [1, 2]) await ok(bob, 'PUT', `${r0}/rooms/${room}/leave/t1`, { body: {} });
  await ok(alice, 'PUT', invite, { body: { user_id: bob.userId } });
  assert.equal(
    await refusal(bob, 'PUT', `${r0}/rooms/${room}/join/t2`, { body: {} }),
    '403 M_FORBIDDEN',
  );
});

test('messages and redactions may be POSTed without a transaction ID', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const room = `${apiV1}/rooms/${encodeURIComponent(roomId)}`;
  const body = { msgtype: 'm.text', body: 'twice' };
  for (const _ of [1, 2]) await ok(alice, 'POST', `${room}/send/m.room.message`, { body });
  const eventId = await sendText(alice, roomId, 'gone');
  await ok(alice, 'POST', `${room}/redact/${encodeURIComponent(eventId)}`, { body: {} });
  const { events } = await readMessages(alice, roomId, { limit: 4 });
  assert.deepEqual(tell(events), ['m.room.redaction', 'm.room.message', 'twice', 'twice']);
});

test('a token in the query is as good as one in the header', async (given) => {
  const alice = await given.newUser();
  const query = { access_token: alice.accessToken };
  for (const base of [r0, apiV1, v3]) {
    const request = { query, token: undefined };
    const answer = await alice.request('GET', `${base}/joined_rooms`, Object(request));
    assert.equal(answer.status, 200);
  }
});
