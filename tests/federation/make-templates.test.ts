import assert from 'node:assert/strict';

import { supportedRoomVersions } from '@soma/protocol';

import { act } from '../client-server/requests.ts';
import { pathOf } from '../harness/api.ts';
import { createRoom, registerUser, sendState } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { PlayedUser } from './played-user.ts';

const test = federationTests();

const open = { preset: 'public_chat' };

test('a template is what a user of the asking server needs to join, in every room version', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'templates');
  const bob = new PlayedUser(await newPeer(), 'bob');
  for (const version of supportedRoomVersions()) {
    const roomId = await createRoom(alice, { ...open, room_version: version });
    const { status, body } = await bob.make(one, 'join', roomId);
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(valueAt(body, 'room_version'), version);
    assert.equal(valueAt(body, 'event', 'room_id'), roomId);
    assert.equal(valueAt(body, 'event', 'type'), 'm.room.member');
    assert.equal(valueAt(body, 'event', 'sender'), bob.userId);
    assert.equal(valueAt(body, 'event', 'state_key'), bob.userId);
    assert.equal(valueAt(body, 'event', 'origin'), one.serverName);
    assert.deepEqual(valueAt(body, 'event', 'content'), { membership: 'join' });
    assert.equal(listAt(body, 'event', 'prev_events').length, 1);
    // The create event, the power levels and the join rules; the first is understood in the newest version.
    const authCount = version === '12' ? 2 : 3;
    assert.equal(listAt(body, 'event', 'auth_events').length, authCount);
    for (const absent of ['hashes', 'signatures']) {
      assert.equal(valueAt(body, 'event', absent), undefined);
    }
  }
});

test('a server that does not know the room version is told which one it is', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'versions');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const roomId = await createRoom(alice, { ...open, room_version: '10' });
  for (const versions of [['9', '11'], []]) {
    const answer = await bob.make(one, 'join', roomId, versions);
    assertRefused(answer, 400, 'M_INCOMPATIBLE_ROOM_VERSION');
    assert.equal(valueAt(answer.body, 'room_version'), '10');
  }
  assertRefused(await bob.make(one, 'knock', roomId, []), 400, 'M_MISSING_PARAM');
  assertRefused(await bob.make(one, 'knock', roomId, ['9']), 400, 'M_INCOMPATIBLE_ROOM_VERSION');
  const old = await createRoom(alice, { ...open, room_version: '1' });
  assert.equal((await bob.make(one, 'join', old, [])).status, 200);
  const knocked = await bob.make(one, 'knock', old, ['1']);
  assertRefused(knocked, 403, 'M_FORBIDDEN');
});

test('no template is given to who may not become it', async ({ one, two, newPeer }) => {
  const alice = await registerUser(one, 'refuser');
  const peer = await newPeer();
  const bob = new PlayedUser(peer, 'bob');
  const roomId = await createRoom(alice, open);
  const locked = await createRoom(alice);
  const get = (path: string) => peer.request(one.serverName, 'GET', path);
  const makeJoin = '/_matrix/federation/v1/make_join';
  const stranger = pathOf`/${roomId}/@bob:${two.serverName}?ver=12`.replace('%3Fver%3D', '?ver=');
  assertRefused(await get(makeJoin + stranger), 403, 'M_FORBIDDEN');
  assertRefused(await get(`${makeJoin}${pathOf`/${roomId}/bob`}`), 400, 'M_INVALID_PARAM');
  assertRefused(await bob.make(one, 'join', `!no:${one.serverName}`), 404, 'M_NOT_FOUND');
  assertRefused(await bob.make(one, 'join', locked), 403, 'M_FORBIDDEN');
  assertRefused(await bob.make(one, 'leave', roomId), 403, 'M_FORBIDDEN');
  assertRefused(await bob.make(one, 'knock', roomId), 403, 'M_FORBIDDEN');
  await act(alice, roomId, 'ban', { user_id: bob.userId });
  assertRefused(await bob.make(one, 'join', roomId), 403, 'M_FORBIDDEN');
  await act(alice, roomId, 'leave');
  assertRefused(await bob.make(one, 'join', roomId), 404, 'M_NOT_FOUND');
});

test('a server that the ACL denies is refused at every endpoint of the room', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'acl');
  const peer = await newPeer();
  const bob = new PlayedUser(peer, 'bob');
  const roomId = await createRoom(alice, open);
  const eventId = await sendState(alice, roomId, 'm.room.server_acl', '', {
    allow: ['*'],
    deny: ['127.*'],
  });
  const v1 = '/_matrix/federation/v1';
  const v2 = '/_matrix/federation/v2';
  const get = (path: string) => peer.request(one.serverName, 'GET', path);
  const put = (path: string) => peer.request(one.serverName, 'PUT', path, { body: {} });
  const { userId } = bob;
  for (const answer of [
    await get(v1 + pathOf`/make_join/${roomId}/${userId}`),
    await get(v1 + pathOf`/make_leave/${roomId}/${userId}`),
    await get(`${v1}${pathOf`/make_knock/${roomId}/${userId}`}?ver=11`),
    await put(v1 + pathOf`/send_join/${roomId}/$x`),
    await put(v2 + pathOf`/send_join/${roomId}/$x`),
    await put(v1 + pathOf`/send_leave/${roomId}/$x`),
    await put(v2 + pathOf`/send_leave/${roomId}/$x`),
    await put(v1 + pathOf`/send_knock/${roomId}/$x`),
  ]) {
    assertRefused(answer, 403, 'M_FORBIDDEN');
  }
  for (const path of [
    `${pathOf`/state/${roomId}`}?event_id=${encodeURIComponent(eventId)}`,
    `${pathOf`/state_ids/${roomId}`}?event_id=${encodeURIComponent(eventId)}`,
    `${pathOf`/backfill/${roomId}`}?limit=1&v=${encodeURIComponent(eventId)}`,
    `${pathOf`/timestamp_to_event/${roomId}`}?ts=0&dir=f`,
    pathOf`/event_auth/${roomId}/${eventId}`,
    pathOf`/event/${eventId}`,
  ]) {
    assertRefused(await get(v1 + path), 403, 'M_FORBIDDEN');
  }
  const body = { earliest_events: [], latest_events: [eventId] };
  const path = v1 + pathOf`/get_missing_events/${roomId}`;
  assertRefused(await peer.request(one.serverName, 'POST', path, { body }), 403, 'M_FORBIDDEN');
});
