import assert from 'node:assert/strict';

import { createRoom, inviteUser, type TestUser } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { ok, refusal, refusedAct, roomPath, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';
import { sync } from './sync-view.ts';

const test = serverTests();

function setPermission(user: TestUser, body: object): Promise<unknown> {
  const path = `${v3}/user/${encodeURIComponent(user.userId)}/account_data/m.invite_permission_config`;
  return ok(user, 'PUT', path, { body });
}

test('who blocks invitations gets none, and sees none that came before', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const before = await createRoom(alice, { invite: [bob.userId] });
  await setPermission(bob, { default_action: 'block' });
  assert.deepEqual((await sync(bob)).rooms('invite'), []);
  const roomId = await createRoom(alice);
  const body = { membership: 'invite' };
  const path = roomPath(roomId, 'state', 'm.room.member', bob.userId);
  assert.equal(
    await refusedAct(alice, roomId, 'invite', { user_id: bob.userId }),
    '403 M_INVITE_BLOCKED',
  );
  assert.equal(await refusal(alice, 'PUT', path, { body }), '403 M_INVITE_BLOCKED');
  const create = { body: { invite: [bob.userId] } };
  assert.equal(await refusal(alice, 'POST', `${v3}/createRoom`, create), '403 M_INVITE_BLOCKED');
  await setPermission(bob, {});
  await inviteUser(alice, roomId, bob.userId);
  assert.deepEqual((await sync(bob)).rooms('invite').toSorted(), [before, roomId].toSorted());
});

test('users of servers out of reach are invited through no endpoint', async (given) => {
  const alice = await given.user('alice');
  const roomId = await createRoom(alice);
  // A port that nobody listens on.
  const user_id = '@bob:127.0.0.1:1';
  const path = roomPath(roomId, 'state', 'm.room.member', user_id);
  const body = { membership: 'invite' };
  assert.equal(await refusal(alice, 'PUT', path, { body }), '502 M_UNKNOWN');
  assert.equal(await refusedAct(alice, roomId, 'invite', { user_id }), '502 M_UNKNOWN');
  const members = await alice.request('GET', roomPath(roomId, 'joined_members'));
  assert.deepEqual(Object.keys(Object(valueAt(members.body, 'joined'))), [alice.userId]);
});

const strict = serverTests({ block_non_admin_invites: true, forget_rooms_on_leave: true });

strict('an operator may leave inviting to administrators', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.user('bob');
  const roomId = await createRoom(alice);
  const body = { user_id: bob.userId };
  assert.equal(await refusedAct(alice, roomId, 'invite', body), '403 M_FORBIDDEN');
  const create = { body: { invite: [bob.userId] } };
  assert.equal(await refusal(alice, 'POST', `${v3}/createRoom`, create), '403 M_FORBIDDEN');
});

strict(
  'where leaving forgets, the leave is told once, and then nothing of the room',
  async (given) => {
    const alice = await given.newUser();
    const roomId = await createRoom(alice);
    const { nextBatch } = await sync(alice);
    await ok(alice, 'POST', roomPath(roomId, 'leave'), { body: {} });
    const view = await sync(alice, { since: nextBatch });
    assert.deepEqual(view.rooms('leave'), [roomId]);
    const filter = { room: { include_leave: true } };
    assert.deepEqual((await sync(alice, { filter })).rooms('leave'), []);
    assert.equal(await refusal(alice, 'GET', roomPath(roomId, 'messages')), '403 M_FORBIDDEN');
    const { capabilities } = Object(await ok(alice, 'GET', `${v3}/capabilities`));
    assert.equal(valueAt(capabilities, 'm.forget_forced_upon_leave', 'enabled'), true);
  },
);

test('invitations are sorted by who sends them', async (given) => {
  const [alice, bob, carol] = [await given.newUser(), await given.newUser(), await given.newUser()];
  const type = 'org.matrix.msc4155.invite_permission_config';
  const path = `${v3}/user/${encodeURIComponent(carol.userId)}/account_data/${type}`;
  const sort = (body: object): Promise<unknown> => ok(carol, 'PUT', path, { body });
  const ask = async (user: TestUser): Promise<string> =>
    refusedAct(user, await createRoom(user), 'invite', { user_id: carol.userId });
  await sort({ allowed_users: [alice.userId], blocked_servers: ['*'] });
  assert.equal(await ask(alice), '200');
  assert.equal(await ask(bob), '403 M_INVITE_BLOCKED');
  await sort({ ignored_users: ['@*:*'] });
  assert.equal(await ask(bob), '200');
  assert.deepEqual((await sync(carol)).rooms('invite'), []);
  await sort({ enabled: false, blocked_users: [bob.userId] });
  assert.equal(await ask(bob), '200');
  assert.equal((await sync(carol)).rooms('invite').length, 3);
});
