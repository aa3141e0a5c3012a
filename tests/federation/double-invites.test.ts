import assert from 'node:assert/strict';

import { ok, readMessages, roomPath } from '../client-server/requests.ts';
import { pathOf } from '../harness/api.ts';
import { joinRoom, registerUser, sendState, sync } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { federationTests, type FederationUnderTest } from './federation-test.ts';
import { HostileRoom, templateFor } from './hostile-room.ts';
import { idOf, signEvent, type SignedEvent } from './played-user.ts';

const test = federationTests();

type Way = (room: HostileRoom, event: SignedEvent) => Promise<void>;

async function byRequest(
  { server, version, roomId, mallory: { peer } }: HostileRoom,
  { eventId, pdu }: SignedEvent,
): Promise<void> {
  const asked = pathOf`/_matrix/federation/v1/state/${roomId}`;
  const ends = listAt(pdu, 'prev_events').map((end) => (Array.isArray(end) ? end[0] : end));
  const query = `?event_id=${encodeURIComponent(String(ends[0]))}`;
  const state = listAt((await peer.request(server.serverName, 'GET', asked + query)).body, 'pdus');
  const create = state.filter((event) => valueAt(event, 'type') === 'm.room.create');
  const body = JSON.parse(
    JSON.stringify({ room_version: version.id, event: pdu, invite_room_state: create }),
  );
  const path = pathOf`/_matrix/federation/v2/invite/${roomId}/${eventId}`;
  const answer = await peer.request(server.serverName, 'PUT', path, { body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  const event = valueAt(answer.body, 'event');
  assert.equal(idOf(event, version), eventId);
  const signers = Object.keys(Object(valueAt(event, 'signatures')));
  assert.deepEqual(signers.toSorted(), [peer.serverName, server.serverName].toSorted());
}

async function byTransaction(room: HostileRoom, { eventId, pdu }: SignedEvent): Promise<void> {
  const { body } = await room.send([pdu]);
  assert.deepEqual(valueAt(body, 'pdus', eventId), {});
  await room.hearCarol();
}

/** The server of the invited user is in the room. */
async function invite(given: FederationUnderTest, name: string, ways: readonly Way[]) {
  for (const version of ['2', '12']) {
    const room = await HostileRoom.open(given, `${name}${version}`, { version });
    const { alice, mallory, server, roomId } = room;
    const levels = await ok(alice, 'GET', roomPath(roomId, 'state', 'm.room.power_levels'));
    await sendState(alice, roomId, 'm.room.power_levels', '', { ...Object(levels), invite: 0 });
    const invitee = await registerUser(given.one, `${name}-to-${version}`);
    const event = signEvent(mallory.peer, room.version, {
      ...(await templateFor(mallory, server, roomId)),
      type: 'm.room.member',
      state_key: invitee.userId,
      content: { membership: 'invite' },
    });
    for (const way of ways) await way(room, event);
    const { body, nextBatch: since } = await sync(invitee);
    const shown = listAt(body, 'rooms', 'invite', roomId, 'invite_state', 'events');
    const own = shown.filter((each) => valueAt(each, 'state_key') === invitee.userId);
    assert.equal(own.length, 1);
    for (const way of ways) await way(room, event);
    const again = await sync(invitee, { since });
    assert.equal(valueAt(again.body, 'rooms', 'invite'), undefined, 'it is no news');
    await joinRoom(invitee, roomId);
    for (const way of ways) await way(room, event);
    const after = await sync(invitee);
    assert.equal(valueAt(after.body, 'rooms', 'invite', roomId), undefined);
    assert.ok(valueAt(after.body, 'rooms', 'join', roomId) !== undefined);
    const { events } = await readMessages(alice, roomId, { limit: 100 });
    assert.equal(events.filter(({ eventId }) => eventId === event.eventId).length, 1);
  }
}

test('an invitation to a room that the server is in comes by a request, and as an event', (given) =>
  invite(given, 'asked', [byRequest, byTransaction]));

test('an invitation to a room that the server is in comes as an event, and by a request', (given) =>
  invite(given, 'sent', [byTransaction, byRequest]));
