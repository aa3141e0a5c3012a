import assert from 'node:assert/strict';
import { after } from 'node:test';

import { act, ok } from '../client-server/requests.ts';
import { registerServiceUser, startApplicationService } from '../harness/application-service.ts';
import { createRoom, inviteUser, registerUser, sendText, sync } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { federationTests } from './federation-test.ts';
import { PlayedUser } from './played-user.ts';
import { RoomWithPast } from './room-with-past.ts';

const service = await startApplicationService({
  namespaces: { users: [{ exclusive: true, regex: '@_bridge_.*' }] },
});
after(() => service.close());
const test = federationTests({ app_service_config_files: [service.registrationFile] });
const forgettingTest = federationTests({ forget_rooms_on_leave: true });

/** The answer that tells of a room in a section, of those from `since` on. */
async function told(
  section: 'join' | 'invite' | 'leave',
  user: TestUser,
  { roomId }: RoomWithPast,
  since: string,
): Promise<{ body: unknown; nextBatch: string }> {
  for (let from = since; ;) {
    const { body, nextBatch } = await sync(user, { since: from, timeoutMs: 10_000 });
    assert.notEqual(nextBatch, from, 'nothing is told');
    from = nextBatch;
    if (valueAt(body, 'rooms', section, roomId) !== undefined) return { body, nextBatch };
  }
}

/** The rooms of sliding sync, with all their members. */
class Sliding {
  readonly #user: TestUser;
  #pos: string | undefined;

  constructor(user: TestUser) {
    this.#user = user;
  }

  async room(roomId: string): Promise<unknown> {
    const required = [['m.room.member', '*']];
    const list = { ranges: [[0, 9]], timeline_limit: 5, required_state: required };
    const path = '/_matrix/client/unstable/org.matrix.simplified_msc3575/sync';
    const query = this.#pos === undefined ? {} : { pos: this.#pos };
    const body = await ok(this.#user, 'POST', path, { body: { lists: { list } }, query });
    this.#pos = textAt(body, 'pos');
    return valueAt(body, 'rooms', roomId);
  }
}

async function listedMembers({ alice, roomId }: RoomWithPast): Promise<unknown> {
  const body = await ok(alice, 'GET', '/_matrix/client/v3/publicRooms');
  const listed = listAt(body, 'chunk').find((room) => valueAt(room, 'room_id') === roomId);
  return valueAt(listed, 'num_joined_members');
}

function summaryOf(body: unknown, { roomId }: RoomWithPast): unknown[] {
  const summary = valueAt(body, 'rooms', 'join', roomId, 'summary');
  return ['joined', 'invited'].map((of) => valueAt(summary, `m.${of}_member_count`));
}

test('an invitation that a resolution takes away is one no longer', async (given) => {
  const dave = await registerUser(given.one, 'away-dave');
  const carol = await registerUser(given.one, 'away-carol');
  const room = await RoomWithPast.open(given, 'away-alice', async (roomId) => {
    await act(dave, roomId, 'join');
  });
  const { roomId, bob, alice } = room;
  await inviteUser(dave, roomId, carol.userId);
  const [{ nextBatch: since }, { nextBatch: aliceSince }] = [await sync(carol), await sync(alice)];
  const sliding = new Sliding(carol);
  assert.equal(valueAt(await sliding.room(roomId), 'membership'), 'invite');
  // Who was banned invites nobody.
  await room.beside(bob, 'm.room.member', dave.userId, { membership: 'ban' });
  const { body } = await told('leave', carol, room, since);
  assert.deepEqual(listAt(body, 'rooms', 'leave', roomId, 'timeline', 'events'), []);
  const slid = await sliding.room(roomId);
  assert.equal(valueAt(slid, 'membership'), 'leave');
  assert.equal(valueAt(slid, 'required_state'), undefined);
  assert.ok(!JSON.stringify((await sync(carol)).body).includes(roomId));
  const others = await told('join', alice, room, aliceSince);
  assert.deepEqual(summaryOf(others.body, room), [3, 0]);
});

test('a join that a resolution takes away is one no longer', async (given) => {
  const carol = await registerUser(given.one, 'out-carol');
  const room = await RoomWithPast.open(given, 'out-alice');
  const { roomId, bob, alice } = room;
  const puppet = await registerServiceUser(given.one, service, `_bridge_out_${given.one.port}`);
  for (const user of [carol, puppet]) await act(user, roomId, 'join');
  await service.untilEvent(await sendText(alice, roomId, 'to the bridge'));
  assert.equal(await listedMembers(room), 5);
  const [{ nextBatch: since }, { nextBatch: aliceSince }] = [await sync(carol), await sync(alice)];
  const sliding = new Sliding(carol);
  assert.equal(valueAt(await sliding.room(roomId), 'membership'), 'join');
  await room.beside(bob, 'm.room.join_rules', '', { join_rule: 'invite' });
  const { body } = await told('leave', carol, room, since);
  const left = [alice.userId, bob.userId, room.erin.userId, puppet.userId].toSorted();
  assert.deepEqual(listAt(body, 'device_lists', 'left').map(String).toSorted(), left);
  // There is no event of the leave.
  const slid = await sliding.room(roomId);
  assert.equal(valueAt(slid, 'membership'), 'leave');
  assert.equal(valueAt(slid, 'required_state'), undefined);
  const others = await told('join', alice, room, aliceSince);
  assert.deepEqual(summaryOf(others.body, room), [3, 0]);
  assert.deepEqual(
    listAt(others.body, 'device_lists', 'left').map(String).toSorted(),
    [carol.userId, puppet.userId].toSorted(),
  );
  assert.equal(await listedMembers(room), 3);
  // What happens from now on is none of the bridge's business.
  const hidden = await sendText(alice, roomId, 'not to the bridge');
  const other = await createRoom(alice, { invite: [puppet.userId] });
  await service.until(
    () => service.events().some((each) => valueAt(each, 'room_id') === other) || undefined,
  );
  assert.ok(!service.events().some((each) => valueAt(each, 'event_id') === hidden));
});

test('a join that a resolution brings back is one again', async (given) => {
  const carol = await registerUser(given.one, 'back-carol');
  const puppet = await registerServiceUser(given.one, service, `_bridge_back_${given.one.port}`);
  const room = await RoomWithPast.open(given, 'back-alice', async (roomId) => {
    for (const user of [carol, puppet]) await act(user, roomId, 'join');
  });
  const { roomId, bob, erin, alice } = room;
  const { nextBatch: begin } = await sync(carol);
  for (const { userId } of [puppet, carol]) {
    await room.beside(bob, 'm.room.member', userId, { membership: 'ban' });
  }
  const banned = await told('leave', carol, room, begin);
  assert.equal(await listedMembers(room), 3);
  const missed = await sendText(alice, roomId, 'while they are out');
  const { nextBatch: aliceSince } = await sync(alice);
  const sliding = new Sliding(carol);
  await sliding.room(roomId);
  // Who may not ban bans nobody.
  await room.beside(erin, 'm.room.power_levels', '', room.levels({ [bob.userId]: 0 }));
  const { body } = await told('join', carol, room, banned.nextBatch);
  assert.equal(valueAt(await sliding.room(roomId), 'membership'), 'join');
  assert.deepEqual(summaryOf(body, room), [5, 0]);
  const others = await told('join', alice, room, aliceSince);
  assert.deepEqual(summaryOf(others.body, room), [5, 0]);
  const returned = listAt(others.body, 'rooms', 'join', roomId, 'state', 'events');
  assert.deepEqual(
    returned.map((event) => textAt(event, 'state_key')).toSorted(),
    [carol.userId, puppet.userId].toSorted(),
  );
  assert.deepEqual(
    listAt(others.body, 'device_lists', 'changed').map(String).toSorted(),
    [carol.userId, puppet.userId].toSorted(),
  );
  assert.equal(await listedMembers(room), 5);
  await service.untilEvent(await sendText(alice, roomId, 'to the bridge'));
  assert.ok(!service.events().some((each) => valueAt(each, 'event_id') === missed));
});

test('an invitation that a resolution brings back is one again', async (given) => {
  const carol = await registerUser(given.one, 'again-carol');
  const room = await RoomWithPast.open(given, 'again-alice', (roomId, alice) =>
    inviteUser(alice, roomId, carol.userId),
  );
  const { roomId, bob, erin } = room;
  const { nextBatch: since } = await sync(carol);
  await room.beside(bob, 'm.room.member', carol.userId, { membership: 'leave' });
  const retracted = await told('leave', carol, room, since);
  const sliding = new Sliding(carol);
  await sliding.room(roomId);
  await room.beside(erin, 'm.room.power_levels', '', room.levels({ [bob.userId]: 0 }));
  const { body } = await told('invite', carol, room, retracted.nextBatch);
  const shown = listAt(body, 'rooms', 'invite', roomId, 'invite_state', 'events');
  assert.ok(shown.some((event) => valueAt(event, 'type') === 'm.room.create'));
  assert.equal(valueAt(await sliding.room(roomId), 'membership'), 'invite');
  await act(carol, roomId, 'join');
});

test('the devices of whom a resolution takes out of the room are none of its business', async (given) => {
  const room = await RoomWithPast.open(given, 'lists-alice');
  const { roomId, bob, alice } = room;
  const frank = new PlayedUser(bob.peer, 'frank');
  await frank.become(given.one, 'join', roomId);
  const { nextBatch: since } = await sync(alice);
  await room.beside(bob, 'm.room.join_rules', '', { join_rule: 'invite' });
  const { body } = await told('join', alice, room, since);
  assert.deepEqual(listAt(body, 'device_lists', 'left'), [frank.userId]);
  assert.deepEqual(summaryOf(body, room), [3, 0]);
});

forgettingTest(
  'a room that a resolution takes a user out of is forgotten as others are',
  async (given) => {
    const carol = await registerUser(given.one, 'forgetting-carol');
    const room = await RoomWithPast.open(given, 'forgetting-alice');
    const { roomId, bob } = room;
    await act(carol, roomId, 'join');
    const { nextBatch: since } = await sync(carol);
    await room.beside(bob, 'm.room.join_rules', '', { join_rule: 'invite' });
    await told('leave', carol, room, since);
    const { body } = await sync(carol, { filter: { room: { include_leave: true } } });
    assert.equal(valueAt(body, 'rooms', 'leave', roomId), undefined);
  },
);
