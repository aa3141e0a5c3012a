import assert from 'node:assert/strict';

import { pathOf } from '../harness/api.ts';
import { sendText } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { federationTests } from './federation-test.ts';
import {
  assertSound,
  eventually,
  expectedIds,
  join,
  memberIds,
  playFor,
  send,
  texts,
} from './partial-room.ts';
import { playPolicyServer } from './played-policy-server.ts';
import type { PlayedEvent, PlayedRoom } from './played-room.ts';
import { signEvent, type SignedEvent } from './played-user.ts';

const test = federationTests();

const isLeave = (pdu: unknown): boolean => valueAt(pdu, 'content', 'membership') === 'leave';

const say = (body: string) => ({ msgtype: 'm.text', body });

/** A message that stands on an event which nobody but its server has, in the state that the room has now. */
function addBeside(room: PlayedRoom, body: string, sender: string): PlayedEvent {
  room.add('m.room.message', undefined, say('unseen'));
  const message = room.build('m.room.message', undefined, say(body), sender);
  room.events.pop();
  room.events.unshift(message);
  return message;
}

test('what the state before it does not allow is taken back when that is told', async (under) => {
  const { one, peer, played, room, gate, alice } = await playFor(under, 'beside-gaps');
  const lateId = `@late:${peer.serverName}`;
  // It stands where its sender had not joined yet, and names the join all the same.
  const lateJoin = room.build('m.room.member', lateId, { membership: 'join' }, lateId);
  room.state.set(`m.room.member\n${lateId}`, lateJoin);
  const early = addBeside(room, 'early', lateId);
  room.place(lateJoin);
  room.tellState(early.eventId, (key) => key !== `m.room.member\n${lateId}`);
  const timely = addBeside(room, 'timely', lateId);
  await join(alice, room);
  await send(peer, one, [early, timely]);
  await eventually('the messages', async () => (await texts(alice, room.roomId)).length >= 2);
  gate.open();
  assert.deepEqual(await memberIds(alice, room.roomId), expectedIds(played, alice));
  const seen = await texts(alice, room.roomId);
  assert.ok(seen.includes('timely') && !seen.includes('early'), JSON.stringify(seen));
  await sendText(alice, room.roomId, 'after that');
  await assertSound(one);
});

test('what a ban forbids that came beside it is hidden when the ban is known', async (under) => {
  const { one, peer, played, room, gate, alice } = await playFor(under, 'beside-ban');
  const evilId = `@evil:${peer.serverName}`;
  room.add('m.room.member', evilId, { membership: 'join' }, evilId);
  const message = addBeside(room, 'of the banned', evilId);
  room.add('m.room.member', evilId, { membership: 'ban' });
  await join(alice, room);
  await send(peer, one, [message]);
  await eventually('the message', async () =>
    (await texts(alice, room.roomId)).includes('of the banned'),
  );
  gate.open();
  assert.deepEqual(await memberIds(alice, room.roomId), expectedIds(played, alice));
  const seen = await texts(alice, room.roomId);
  assert.ok(!seen.includes('of the banned'), JSON.stringify(seen));
  await assertSound(one);
});

test('a room is not whole before the states beside the join are told, where they can be', async (under) => {
  const { one, peer, played, room, gate, alice } = await playFor(under, 'asked-again');
  const memberId = `@member0:${peer.serverName}`;
  const message = addBeside(room, 'beside', memberId);
  await join(alice, room);
  await send(peer, one, [message]);
  await eventually('the message', async () => (await texts(alice, room.roomId)).includes('beside'));
  room.breaksOff('state_ids');
  gate.open();
  await eventually('the question', () => room.asked.includes('state_ids'));
  room.breaksOff(undefined);
  assert.deepEqual(await memberIds(alice, room.roomId), expectedIds(played, alice));
  assert.ok(room.asked.filter((asked) => asked === 'state_ids').length > 1);
  assert.ok((await texts(alice, room.roomId)).includes('beside'));
});

test('what a policy server has refused stays hidden when all members are known', async (under) => {
  const { one, peer, played, room, gate, alice } = await playFor(under, 'policed-in-part');
  const policyServer = playPolicyServer(await under.newPeer());
  const moderatorId = `@moderator:${policyServer.peer.serverName}`;
  room.add('m.room.policy', '', policyServer.policy);
  await join(alice, room);
  const content = { membership: 'join' };
  const moderator = room.buildAs(
    policyServer.peer,
    'm.room.member',
    moderatorId,
    content,
    moderatorId,
  );
  room.place(moderator);
  await send(policyServer.peer, one, [moderator]);
  policyServer.judge = () => [400, { errcode: 'M_FORBIDDEN', error: 'It looks like spam' }];
  const spam = room.add('m.room.message', undefined, say('spam'));
  await send(peer, one, [spam]);
  await eventually('the question', () => policyServer.asked.length > 0);
  policyServer.judge = () => 'sign';
  await send(peer, one, [room.add('m.room.message', undefined, say('honest'))]);
  await eventually('the message', async () => (await texts(alice, room.roomId)).includes('honest'));
  gate.open();
  assert.deepEqual(await memberIds(alice, room.roomId), expectedIds(played, alice));
  const seen = await texts(alice, room.roomId);
  assert.ok(seen.includes('honest') && !seen.includes('spam'), JSON.stringify(seen));
});

test('what was known in part when the room was left is not built on after a new join', async (under) => {
  const { one, peer, room, gate, alice } = await playFor(under, 'back-from-part');
  await join(alice, room);
  await send(peer, one, [room.add('m.room.message', undefined, say('first stay'))]);
  await eventually('the message', async () =>
    (await texts(alice, room.roomId)).includes('first stay'),
  );
  // Somebody who is in the room speaks beside what happens then, on what is known of the first stay.
  const memberId = `@member0:${peer.serverName}`;
  const beside = room.build('m.room.message', undefined, say('beside'), memberId);
  const path = pathOf`/_matrix/client/v3/rooms/${room.roomId}/leave`;
  assert.equal((await alice.request('POST', path, { body: {} })).status, 200);
  room.state.delete(`m.room.member\n${alice.userId}`);
  await join(alice, room);
  gate.open();
  await memberIds(alice, room.roomId);
  room.events.push(beside);
  await send(peer, one, [beside]);
  await eventually('the message', async () => (await texts(alice, room.roomId)).includes('beside'));
});

test('a late join is shown that the current state, a ban, was allowed by', async (under) => {
  const { one, peer, played, room, gate, alice } = await playFor(under, 'late-join');
  await join(alice, room);
  const lateId = `@late:${peer.serverName}`;
  const late = room.add('m.room.member', lateId, { membership: 'join' }, lateId);
  room.add('m.room.message', undefined, say('unseen'));
  const ban = room.add('m.room.member', lateId, { membership: 'ban' });
  await send(peer, one, [ban]);
  const path = pathOf`/_matrix/client/v3/rooms/${room.roomId}/messages`;
  const memberships = async () => {
    const { body } = await alice.request('GET', path, { query: { dir: 'b', limit: 20 } });
    return listAt(body, 'chunk')
      .filter((event) => valueAt(event, 'state_key') === lateId)
      .map((event) => valueAt(event, 'content', 'membership'));
  };
  await eventually('the ban', async () => (await memberships()).includes('ban'));
  gate.open();
  assert.deepEqual(await memberIds(alice, room.roomId), expectedIds(played, alice));
  await send(peer, one, [late]);
  await eventually('the join', async () => (await memberships()).includes('join'));
  await assertSound(one);
});

test('a server that is told of itself among those in the room learns the members', async (under) => {
  const { one, peer, played, room, gate, alice } = await playFor(under, 'told-of-itself');
  room.answers.join = (event) => ({
    ...room.takeJoin(event),
    servers_in_room: [peer.serverName, one.serverName],
  });
  gate.open();
  await join(alice, room);
  assert.deepEqual(await memberIds(alice, room.roomId), expectedIds(played, alice));
});

test('an event from before the join is not rejected for members who are not known yet', async (under) => {
  const { one, peer, played, room, gate, alice } = await playFor(under, 'topical');
  gate.open();
  await join(alice, room);
  await memberIds(alice, room.roomId);
  const path = pathOf`/_matrix/client/v3/rooms/${room.roomId}`;
  assert.equal((await alice.request('POST', `${path}/leave`, { body: {} })).status, 200);
  // The leave comes to the other server, which goes on from it.
  await eventually('the leave', () => played.sent.some(isLeave));
  const left = played.sent.find(isLeave) ?? assert.fail();
  room.placePdu(left);
  const topic = room.add('m.room.topic', '', { topic: 'while she was away' });
  played.close();
  await join(alice, room);
  await send(peer, one, [topic, room.add('m.room.message', undefined, say('and on'))]);
  await eventually('the message', async () => (await texts(alice, room.roomId)).includes('and on'));
  played.gate.open();
  assert.deepEqual(await memberIds(alice, room.roomId), expectedIds(played, alice));
  const { body } = await alice.request('GET', `${path}/state/m.room.topic`);
  assert.equal(valueAt(body, 'topic'), 'while she was away');
  await assertSound(one);
});

test('a room has an end though events that stand on each other came before it was whole', async (under) => {
  const { one, peer, room, gate, alice } = await playFor(under, 'in-circles', { version: '1' });
  await join(alice, room);
  const template = room.build('m.room.message', undefined, say('round')).pdu;
  const inCircle = (name: string, others: readonly string[]): SignedEvent => {
    const circle = others.map((other) => [`$${other}:${peer.serverName}`, { sha256: 'x' }]);
    const prevEvents = [...(name === 'first' ? template.prev_events : []), ...circle];
    const eventId = `$${name}:${peer.serverName}`;
    const event = { ...template, content: say(name), prev_events: prevEvents };
    return signEvent(peer, room.version, event, eventId);
  };
  const circle = [inCircle('first', ['second']), inCircle('second', ['first'])];
  await send(peer, one, circle);
  await eventually('both', async () => {
    const seen = await texts(alice, room.roomId);
    return seen.includes('first') && seen.includes('second');
  });
  gate.open();
  await memberIds(alice, room.roomId);
  await sendText(alice, room.roomId, 'straight on');
  await assertSound(one);
});
