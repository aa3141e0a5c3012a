import assert from 'node:assert/strict';

import { roomVersion, type JsonObject } from '@soma/protocol';

import { sendText } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { Asker } from './asker.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { PlayedUser, idOf } from './played-user.ts';
import { RoomWithPast } from './room-with-past.ts';
import { recordTransactions } from './transaction-record.ts';

const test = federationTests();

const version = roomVersion('11') ?? assert.fail();

test('a server that resolution puts out without a word can see that it is out', async (given) => {
  const { one, newPeer } = given;
  const room = await RoomWithPast.open(given, 'put-out-alice');
  const { roomId, alice, bob } = room;
  const frank = new PlayedUser(await newPeer(), 'frank');
  const record = recordTransactions(frank.peer);
  await frank.become(one, 'join', roomId);
  const closed = await room.beside(bob, 'm.room.join_rules', '', { join_rule: 'invite' });
  const next = await sendText(alice, roomId, 'he has gone');
  await record.until(() => {
    const ids = record.pdus().map((pdu) => idOf(pdu, version));
    return ids.includes(closed.eventId) && ids.includes(next);
  });
  const asker = new Asker(frank.peer, one);
  const state = await asker.at('state', roomId, next);
  assert.equal(state.status, 200, JSON.stringify(state.body));
  const keys = listAt(state.body, 'pdus').map((pdu) => valueAt(pdu, 'state_key'));
  assert.ok(keys.includes(alice.userId) && !keys.includes(frank.userId));
  // What is said from now on is none of its business.
  const last = await sendText(alice, roomId, 'a secret');
  const after = await sendText(alice, roomId, 'another');
  const body: JsonObject = { earliest_events: [next], latest_events: [after], limit: 10 };
  const missing = await asker.missing(roomId, body);
  assert.equal(missing.status, 200, JSON.stringify(missing.body));
  const [between] = listAt(missing.body, 'events');
  assert.equal(idOf(between, version), last);
  assert.deepEqual(valueAt(between, 'content'), {});
  assert.ok(!record.pdus().some((pdu) => idOf(pdu, version) === last));
});

test('a server that was never in the room does not see it', async (given) => {
  const { roomId, alice } = await RoomWithPast.open(given, 'put-out-none');
  const stranger = new Asker(await given.newPeer(), given.one);
  const said = await sendText(alice, roomId, 'hello');
  assertRefused(await stranger.at('state_ids', roomId, said), 403, 'M_FORBIDDEN');
});
