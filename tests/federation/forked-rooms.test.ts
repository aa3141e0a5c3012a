import assert from 'node:assert/strict';

import { isJsonObject } from '@soma/protocol';

import { act, ok, readContent, readMessages, roomPath } from '../client-server/requests.ts';
import { pathOf } from '../harness/api.ts';
import { registerAdmin, registerGuest, sendState, sendText } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { federationTests, type FederationUnderTest } from './federation-test.ts';
import { endsPath, forkedRoom, said, untilEnds, type ForkedRoom } from './forked-room.ts';

const test = federationTests({
  cleanup_extremities_with_dummy_events: false,
  allow_guest_access: true,
});

const texts = Array.from({ length: 45 }, (_, index) => said(`fork ${index}`));

async function prevEvents(
  { one }: FederationUnderTest,
  { bob }: ForkedRoom,
  eventId: string,
): Promise<unknown[]> {
  const path = `/_matrix/federation/v1${pathOf`/event/${eventId}`}`;
  const { body } = await bob.peer.request(one.serverName, 'GET', path);
  return listAt(listAt(body, 'pdus')[0], 'prev_events');
}

async function countEnds(given: FederationUnderTest, roomId: string): Promise<unknown> {
  const admin = await registerAdmin(given.one, `counts${Math.random()}`);
  return valueAt(await ok(admin, 'GET', endsPath(roomId)), 'count');
}

test('an event in a room with many ends names twenty of them, the deepest and the shallowest', async (given) => {
  const admin = await registerAdmin(given.one, 'many-admin');
  const deep = texts.map((text, depth) => ({ ...text, depth: 1_000 + depth }));
  const room = await forkedRoom(given, 'many', deep);
  await untilEnds(admin, room.roomId, 45);
  const next = await sendText(room.alice, room.roomId, 'next');
  assert.deepEqual(
    (await prevEvents(given, room, next)).map(String).toSorted(),
    [...room.eventIds.slice(0, 10), ...room.eventIds.slice(-10)].toSorted(),
  );
  assert.equal(valueAt(await ok(admin, 'GET', endsPath(room.roomId)), 'count'), 26);
  const template = valueAt((await room.bob.make(given.one, 'leave', room.roomId)).body, 'event');
  assert.ok(isJsonObject(template));
  assert.equal(listAt(template, 'prev_events').length, 20);
});

test('a room with many ends is upgraded', async (given) => {
  const admin = await registerAdmin(given.one, 'upgraded-admin');
  const room = await forkedRoom(given, 'upgraded', texts);
  const { alice, roomId } = room;
  await untilEnds(admin, roomId, 45);
  const answer = await act(alice, roomId, 'upgrade', { new_version: '12' });
  const replacement = textAt(answer, 'replacement_room');
  const tombstone = await readContent(alice, roomId, 'm.room.tombstone');
  assert.equal(valueAt(tombstone, 'replacement_room'), replacement);
  const levels = await readContent(alice, roomId, 'm.room.power_levels');
  assert.equal(valueAt(levels, 'events_default'), 50);
  const { events } = await readMessages(alice, roomId, { limit: 3 });
  for (const { eventId } of events) {
    assert.ok((await prevEvents(given, room, eventId)).length <= 20);
  }
  assert.equal(await countEnds(given, roomId), 1);
});

test('guests leave a room with many ends that lets them in no longer', async (given) => {
  const guests = [await registerGuest(given.one), await registerGuest(given.one)];
  const admin = await registerAdmin(given.one, 'guests-admin');
  const { alice, roomId } = await forkedRoom(given, 'guests', texts, async (made, creator) => {
    await sendState(creator, made, 'm.room.guest_access', '', { guest_access: 'can_join' });
    for (const guest of guests) await act(guest, made, 'join');
  });
  await untilEnds(admin, roomId, 45);
  await sendState(alice, roomId, 'm.room.guest_access', '', { guest_access: 'forbidden' });
  const joined = await ok(alice, 'GET', roomPath(roomId, 'joined_members'));
  assert.deepEqual(
    Object.keys(Object(valueAt(joined, 'joined'))).filter((id) =>
      guests.some((guest) => guest.userId === id),
    ),
    [],
  );
});

test('users of both servers are invited to a room with many ends', async (given) => {
  const admin = await registerAdmin(given.one, 'inviting-admin');
  const other = await registerAdmin(given.two, 'inviting-other');
  const { alice, roomId } = await forkedRoom(given, 'inviting', texts);
  await untilEnds(admin, roomId, 45);
  for (const { userId } of [other, admin]) await act(alice, roomId, 'invite', { user_id: userId });
  for (const { userId } of [other, admin]) {
    const member = await readContent(alice, roomId, 'm.room.member', userId);
    assert.equal(valueAt(member, 'membership'), 'invite');
  }
});
