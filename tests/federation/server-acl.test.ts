import assert from 'node:assert/strict';

import { roomVersion, type JsonObject } from '@soma/protocol';

import { createRoom, registerUser, sendState } from '../harness/client.ts';
import { textAt } from '../harness/json-path.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { PlayedUser, signEvent, type SignedEvent } from './played-user.ts';

const test = federationTests();
const version = roomVersion('11') ?? assert.fail();

type AclRequest = readonly [method: string, path: string, body?: JsonObject];

/** One request of each endpoint that a server ACL protects, and some more. */
function requestsAbout(
  roomId: string,
  eventId: string,
  userId: string,
  sent: Readonly<Record<'join' | 'leave' | 'knock' | 'invite', SignedEvent>>,
): readonly AclRequest[] {
  const room = encodeURIComponent(roomId);
  const event = encodeURIComponent(eventId);
  const user = encodeURIComponent(userId);
  return [
    ['GET', `v1/make_join/${room}/${user}?ver=11`],
    ['GET', `v1/make_leave/${room}/${user}`],
    ['GET', `v1/make_knock/${room}/${user}?ver=11`],
    ['PUT', `v2/send_join/${room}/${encodeURIComponent(sent.join.eventId)}`, sent.join.pdu],
    ['PUT', `v2/send_leave/${room}/${encodeURIComponent(sent.leave.eventId)}`, sent.leave.pdu],
    ['PUT', `v1/send_join/${room}/${encodeURIComponent(sent.join.eventId)}`, sent.join.pdu],
    ['PUT', `v1/send_leave/${room}/${encodeURIComponent(sent.leave.eventId)}`, sent.leave.pdu],
    ['PUT', `v1/send_knock/${room}/${encodeURIComponent(sent.knock.eventId)}`, sent.knock.pdu],
    [
      'PUT',
      `v2/invite/${room}/${encodeURIComponent(sent.invite.eventId)}`,
      { room_version: '11', event: sent.invite.pdu },
    ],
    ['PUT', `v1/invite/${room}/${encodeURIComponent(sent.invite.eventId)}`, sent.invite.pdu],
    ['GET', `v1/state/${room}?event_id=${event}`],
    ['GET', `v1/state_ids/${room}?event_id=${event}`],
    ['GET', `v1/backfill/${room}?v=${event}&limit=1`],
    ['GET', `v1/event_auth/${room}/${event}`],
    [
      'POST',
      `v1/get_missing_events/${room}`,
      { latest_events: [eventId], earliest_events: [], limit: 1 },
    ],
    ['GET', `v1/timestamp_to_event/${room}?ts=1&dir=f`],
  ];
}

test('a server that is denied is refused at every endpoint about the room', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'acl-owner');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const roomId = await createRoom(alice, {
    room_version: '11',
    initial_state: [{ type: 'm.room.join_rules', state_key: '', content: { join_rule: 'public' } }],
  });
  const { eventId } = await bob.become(one, 'join', roomId);
  const [join, leave] = [
    await bob.signed(one, 'join', roomId),
    await bob.signed(one, 'leave', roomId),
  ];
  const member = (membership: string, target = bob.userId): SignedEvent =>
    signEvent(bob.peer, version, {
      ...leave.pdu,
      state_key: target,
      content: { membership },
    });
  const [invite, knock] = [member('invite', alice.userId), member('knock')];
  const requests = requestsAbout(roomId, eventId, bob.userId, { join, leave, knock, invite });
  const statuses = async (): Promise<Map<string, number>> => {
    const found = new Map<string, number>();
    for (const [method, path, body] of requests) {
      const options = body === undefined ? {} : { body };
      const target = `/_matrix/federation/${path}`;
      const answer = await bob.peer.request(one.serverName, method, target, options);
      found.set(path, answer.status);
      if (!isDenied) continue;
      assertRefused(answer, 403, 'M_FORBIDDEN');
      // Some of them are refused for other reasons too.
      assert.match(textAt(answer.body, 'error'), /server ACL|room does not let your server/, path);
    }
    return found;
  };
  let isDenied = false;
  const readings = ['v1/state', 'v1/backfill', 'v1/event_auth', 'v1/get_missing', 'v1/timestamp'];
  for (const [path, status] of await statuses()) {
    if (readings.some((reading) => path.startsWith(reading))) assert.equal(status, 200, path);
  }
  await sendState(alice, roomId, 'm.room.server_acl', '', {
    allow: ['*'],
    deny: [],
    allow_ip_literals: false,
  });
  isDenied = true;
  assert.equal((await statuses()).size, requests.length);
});
