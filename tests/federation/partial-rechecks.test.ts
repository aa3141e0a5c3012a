import assert from 'node:assert/strict';

import { deviceKeys, newIdentity } from '../client-server/signing-identity.ts';
import { pathOf } from '../harness/api.ts';
import { registerUser, sendText, sync } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import {
  assertSound,
  eventually,
  expectedIds,
  join,
  lazy,
  memberIds,
  playFor,
  playPartialRoom,
  send,
  texts,
} from './partial-room.ts';
import { PlayedRefusal } from './played-room.ts';
import type { PlayedRoom } from './played-room.ts';
import { recordTransactions } from './transaction-record.ts';

const test = federationTests();
const v3 = '/_matrix/client/v3';

async function joinedRooms(user: TestUser): Promise<readonly unknown[]> {
  const { body } = await user.request('GET', `${v3}/joined_rooms`);
  return listAt(body, 'joined_rooms');
}

async function leave(user: TestUser, { roomId }: PlayedRoom): Promise<void> {
  const path = v3 + pathOf`/rooms/${roomId}/leave`;
  const { status, body } = await user.request('POST', path, { body: {} });
  assert.equal(status, 200, JSON.stringify(body));
}

test('what should not have been accepted is taken back', async (under) => {
  const { one, peer, played, room, gate, alice } = await playFor(under, 'cheated');
  const evilId = `@evil:${peer.serverName}`;
  // The evil one may set topics, and was banned before the join.
  const levels = { users: { [room.creatorId]: 100, [evilId]: 50 }, invite: 0 };
  room.add('m.room.power_levels', '', levels);
  const evilJoin = room.add('m.room.member', evilId, { membership: 'join' }, evilId);
  const ban = room.add('m.room.member', evilId, { membership: 'ban' });
  await join(alice, room);
  const helloId = await sendText(alice, room.roomId, 'hello');
  // Their server still counts them in.
  room.state.set(`m.room.member\n${evilId}`, evilJoin);
  const lie = room.add('m.room.message', undefined, { msgtype: 'm.text', body: 'lie' }, evilId);
  const topic = room.add('m.room.topic', '', { topic: 'evil' }, evilId);
  const redaction = room.add('m.room.redaction', undefined, { redacts: helloId }, evilId);
  room.state.set(`m.room.member\n${evilId}`, ban);
  room.state.delete('m.room.topic\n');
  const honest = { msgtype: 'm.text', body: 'honest' };
  const reply = room.add('m.room.message', undefined, honest);
  await send(peer, one, [lie, topic, redaction, reply]);
  await eventually('the honest message', async () =>
    (await texts(alice, room.roomId)).includes('honest'),
  );
  const first = await texts(alice, room.roomId);
  assert.ok(first.includes('lie') && !first.includes('hello'), JSON.stringify(first));
  const topicPath = v3 + pathOf`/rooms/${room.roomId}/state/m.room.topic`;
  assert.equal(valueAt((await alice.request('GET', topicPath)).body, 'topic'), 'evil');
  const { nextBatch: since } = await sync(alice, { filter: lazy });
  gate.open();
  assert.deepEqual(await memberIds(alice, room.roomId), expectedIds(played, alice));
  const seen = await texts(alice, room.roomId);
  assert.ok(seen.includes('hello'), JSON.stringify(seen));
  assert.ok(seen.includes('honest') && !seen.includes('lie'), JSON.stringify(seen));
  assertRefused(await alice.request('GET', topicPath), 404, 'M_NOT_FOUND');
  const counts = valueAt((await sync(alice, { filter: lazy })).body, 'rooms', 'join', room.roomId);
  assert.equal(valueAt(counts, 'unread_notifications', 'notification_count'), 1);
  // What is no longer so cannot be told by an event; who begins anew does not hear of it.
  const { body } = await sync(alice, { filter: lazy });
  const told = valueAt(body, 'rooms', 'join', room.roomId);
  assert.ok(!JSON.stringify(told).includes('"topic":"evil"'), JSON.stringify(told));
  assert.ok((await sync(alice, { filter: lazy, since })).nextBatch !== since);
  await sendText(alice, room.roomId, 'after that');
  await assertSound(one);
});

test('what was hidden by what should not have been accepted is shown', async (under) => {
  const { one, peer, played, room, gate, alice } = await playFor(under, 'deceived');
  const [evilId, wrongedId] = [`@evil:${peer.serverName}`, `@member0:${peer.serverName}`];
  const levels = { users: { [room.creatorId]: 100, [evilId]: 50 }, invite: 0 };
  room.add('m.room.power_levels', '', levels);
  const evilJoin = room.add('m.room.member', evilId, { membership: 'join' }, evilId);
  const ban = room.add('m.room.member', evilId, { membership: 'ban' });
  await join(alice, room);
  const wronged = room.state.get(`m.room.member\n${wrongedId}`) ?? assert.fail();
  // Both stand on the join: who is banned by one who was banned speaks without having heard of it.
  const body = { msgtype: 'm.text', body: 'wronged' };
  const message = room.build('m.room.message', undefined, body, wrongedId);
  room.state.set(`m.room.member\n${evilId}`, evilJoin);
  const unjust = room.build('m.room.member', wrongedId, { membership: 'ban' }, evilId);
  room.events.push(unjust);
  room.state.set(`m.room.member\n${evilId}`, ban);
  await send(peer, one, [unjust]);
  const messages = v3 + pathOf`/rooms/${room.roomId}/messages`;
  await eventually('the ban', async () => {
    const { body: page } = await alice.request('GET', messages, { query: { dir: 'b' } });
    return listAt(page, 'chunk').some((event) => valueAt(event, 'content', 'membership') === 'ban');
  });
  await send(peer, one, [message]);
  room.place(message);
  await send(peer, one, [
    room.add('m.room.message', undefined, { msgtype: 'm.text', body: 'honest' }),
  ]);
  await eventually('the honest message', async () =>
    (await texts(alice, room.roomId)).includes('honest'),
  );
  assert.ok(!(await texts(alice, room.roomId)).includes('wronged'));
  gate.open();
  assert.deepEqual(await memberIds(alice, room.roomId), expectedIds(played, alice));
  assert.equal(room.state.get(`m.room.member\n${wrongedId}`), wronged);
  const seen = await texts(alice, room.roomId);
  assert.ok(seen.includes('wronged') && seen.includes('honest'), JSON.stringify(seen));
  await assertSound(one);
});

test('a second user joins as soon as the members are known where no server helps', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const played = playPartialRoom(peer);
  const { room, gate } = played;
  const [alice, bob] = [await registerUser(one, 'early-in'), await registerUser(one, 'late-in')];
  await join(alice, room);
  room.answers.template = () => {
    throw new PlayedRefusal(500, 'M_UNKNOWN');
  };
  const path = v3 + pathOf`/join/${room.roomId}`;
  const joining = bob.request('POST', path, { body: {} });
  await eventually('the question', () => room.asked.filter((it) => it === 'make_join').length > 1);
  gate.open();
  const { status, body } = await joining;
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual(await memberIds(alice, room.roomId), expectedIds(played, alice, bob));
});

test('a second user joins through a server that knows all members', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const played = playPartialRoom(peer);
  const { room, gate } = played;
  const [alice, bob, carol] = [
    await registerUser(one, 'first-in'),
    await registerUser(one, 'second-in'),
    await registerUser(one, 'banned'),
  ];
  room.add('m.room.member', carol.userId, { membership: 'ban' });
  await join(alice, room);
  await join(bob, room);
  assert.deepEqual(room.asked.filter((asked) => asked === 'send_join').length, 2);
  room.answers.template = () => {
    throw new PlayedRefusal(403, 'M_FORBIDDEN');
  };
  const path = v3 + pathOf`/join/${room.roomId}`;
  assertRefused(await carol.request('POST', path, { body: {} }), 403, 'M_FORBIDDEN');
  await sendText(bob, room.roomId, 'me too');
  gate.open();
  const expected = expectedIds(played, alice, bob);
  assert.deepEqual(await memberIds(bob, room.roomId), expected);
  assert.ok((await texts(alice, room.roomId)).includes('me too'));
});

test('who leaves before the members are known may come back', async (under) => {
  const { played, room, gate, alice } = await playFor(under, 'leaving');
  const { sent } = played;
  await join(alice, room);
  await leave(alice, room);
  assert.ok(!(await joinedRooms(alice)).includes(room.roomId));
  // The servers of the room hear of it, though nobody of theirs is known here.
  const isLeave = (pdu: unknown): boolean => valueAt(pdu, 'content', 'membership') === 'leave';
  await eventually('the leave', () => sent.some(isLeave));
  room.state.delete(`m.room.member\n${alice.userId}`);
  await join(alice, room);
  await sendText(alice, room.roomId, 'back again');
  gate.open();
  assert.deepEqual(await memberIds(alice, room.roomId), expectedIds(played, alice));
  assert.ok((await texts(alice, room.roomId)).includes('back again'));
});

test('other servers are told to ask others meanwhile', async (under) => {
  const { one, peer, room, gate, alice } = await playFor(under, 'asked-early');
  await join(alice, room);
  const userId = `@joiner:${peer.serverName}`;
  const unable = 'ORG.MATRIX.MSC3895_UNABLE_DUE_TO_PARTIAL_STATE';
  const make = `/_matrix/federation/v1${pathOf`/make_join/${room.roomId}/${userId}`}?ver=11`;
  assertRefused(await peer.request(one.serverName, 'GET', make), 404, unable);
  const joinId = room.events.at(-1)?.eventId ?? '';
  const state = `/_matrix/federation/v1${pathOf`/state_ids/${room.roomId}`}?event_id=${encodeURIComponent(joinId)}`;
  assertRefused(await peer.request(one.serverName, 'GET', state), 404, 'M_NOT_FOUND');
  // A server that is not known to be in the room may be.
  const stranger = await under.newPeer();
  assertRefused(await stranger.request(one.serverName, 'GET', state), 403, unable);
  gate.open();
  await memberIds(alice, room.roomId);
  assert.equal((await peer.request(one.serverName, 'GET', make)).status, 200);
  assert.equal((await peer.request(one.serverName, 'GET', state)).status, 200);
  assertRefused(await stranger.request(one.serverName, 'GET', state), 403, 'M_FORBIDDEN');
});

test('servers that turn out to be in the room hear what they missed of devices', async ({
  one,
  newPeer,
}) => {
  const [peer, other] = [await newPeer(), await newPeer()];
  const { room, gate } = playPartialRoom(peer);
  const userId = `@unnamed:${other.serverName}`;
  room.place(room.buildAs(other, 'm.room.member', userId, { membership: 'join' }, userId));
  room.answers.join = (event) => ({ ...room.takeJoin(event), servers_in_room: [peer.serverName] });
  const record = recordTransactions(other);
  const alice = await registerUser(one, 'with-devices');
  await join(alice, room);
  const body = { device_keys: deviceKeys(alice, newIdentity()) };
  const { status } = await alice.request('POST', `${v3}/keys/upload`, { body });
  assert.equal(status, 200);
  gate.open();
  await memberIds(alice, room.roomId);
  const edu = await record.untilEdu('m.device_list_update');
  assert.deepEqual([edu['user_id'], edu['device_id']], [alice.userId, alice.deviceId]);
});

test('what others sent before they heard of the join is received, and stays', async (under) => {
  const { one, peer, played, room, gate, alice } = await playFor(under, 'beside');
  // They stand beside the join, on an event that the joining server does not have.
  const senderId = `@member0:${peer.serverName}`;
  const body = { msgtype: 'm.text', body: 'beside' };
  const message = room.build('m.room.message', undefined, body, senderId);
  const topic = room.build('m.room.topic', '', { topic: 'beside' });
  room.events.unshift(message, topic);
  await join(alice, room);
  await send(peer, one, [message, topic]);
  await eventually('the message', async () => (await texts(alice, room.roomId)).includes('beside'));
  await sendText(alice, room.roomId, 'on both');
  gate.open();
  assert.deepEqual(await memberIds(alice, room.roomId), expectedIds(played, alice));
  assert.ok((await texts(alice, room.roomId)).includes('beside'));
  const path = v3 + pathOf`/rooms/${room.roomId}/state/m.room.topic`;
  assert.equal(valueAt((await alice.request('GET', path)).body, 'topic'), 'beside');
  await sendText(alice, room.roomId, 'after all');
  await assertSound(one);
});
