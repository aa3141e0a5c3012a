import assert from 'node:assert/strict';

import { ok, refusal } from '../client-server/requests.ts';
import { federationTests } from '../federation/federation-test.ts';
import { endsPath as path, forkedRoom, said, untilEnds } from '../federation/forked-room.ts';
import { pathOf } from '../harness/api.ts';
import { createRoom, registerAdmin, registerUser, sendText } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';

const test = federationTests();

test('an administrator sees the ends of a room, and has all forgotten but the newest', async (given) => {
  const admin = await registerAdmin(given.one, 'ends-admin');
  const texts = ['one', 'two', 'three'].map(said);
  const { alice, bob, roomId, eventIds } = await forkedRoom(given, 'ends', texts);
  const body = await untilEnds(admin, roomId, 3);
  const results = listAt(body, 'results');
  assert.deepEqual(results.map((each) => textAt(each, 'event_id')).toSorted(), eventIds.toSorted());
  for (const result of results) {
    assert.deepEqual(Object.keys(Object(result)).toSorted(), [
      'depth',
      'event_id',
      'received_ts',
      'state_group',
    ]);
    assert.equal(typeof valueAt(result, 'depth'), 'number');
    assert.equal(typeof valueAt(result, 'state_group'), 'number');
  }
  const alias = `#ends:${given.one.serverName}`;
  assert.deepEqual(await ok(admin, 'DELETE', path(alias)), { deleted: 2 });
  const left = await ok(admin, 'GET', path(alias));
  assert.deepEqual(left, { count: 1, results: results.slice(0, 1) });
  assert.deepEqual(await ok(admin, 'DELETE', path(roomId)), { deleted: 0 });
  // What comes next stands on the end that is left.
  const next = await sendText(alice, roomId, 'next');
  const event = await bob.peer.request(
    given.one.serverName,
    'GET',
    `/_matrix/federation/v1${pathOf`/event/${next}`}`,
  );
  const [pdu] = listAt(event.body, 'pdus');
  assert.deepEqual(listAt(pdu, 'prev_events'), [textAt(results[0], 'event_id')]);
});

test('an end stays that the state of the room rests on', async (given) => {
  const admin = await registerAdmin(given.one, 'states-admin');
  const topic = { type: 'm.room.topic', state_key: '', content: { topic: 'News' } };
  const { alice, roomId } = await forkedRoom(given, 'states', [topic, said('one'), said('two')]);
  await untilEnds(admin, roomId, 3);
  assert.deepEqual(await ok(admin, 'DELETE', path(roomId)), { deleted: 1 });
  await sendText(alice, roomId, 'next');
  assert.equal(valueAt(await ok(admin, 'GET', path(roomId)), 'count'), 1);
  const state = await ok(
    alice,
    'GET',
    `/_matrix/client/v3${pathOf`/rooms/${roomId}/state/m.room.topic/`}`,
  );
  assert.equal(valueAt(state, 'topic'), 'News');
});

test('the ends of a room are for administrators, and of rooms', async ({ one }) => {
  const admin = await registerAdmin(one, 'refused-admin');
  const mallory = await registerUser(one, 'no-admin');
  const roomId = await createRoom(mallory);
  for (const method of ['GET', 'DELETE']) {
    const ask = (room: string, user = admin): Promise<string> => refusal(user, method, path(room));
    assert.equal(await ask(roomId, mallory), '403 M_FORBIDDEN');
    assert.equal(await ask('lounge'), '400 M_UNKNOWN');
    assert.equal(await ask(`#nothing:${one.serverName}`), '404 M_NOT_FOUND');
  }
  const unknown = '!unknown:example.org';
  assert.deepEqual(await ok(admin, 'GET', path(unknown)), { count: 0, results: [] });
  assert.deepEqual(await ok(admin, 'DELETE', path(unknown)), { deleted: 0 });
});
