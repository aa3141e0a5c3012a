import assert from 'node:assert/strict';

import { createRoom, joinRoom, sendText, type TestUser } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { act, ok, readContent, readState, refusal, refusedAct, roomPath, v3 } from './requests.ts';
import { find } from './seen-event.ts';
import { serverTests } from './server-test.ts';

const test = serverTests({
  default_room_version: '10',
  encryption_enabled_by_default_for_room_type: 'invite',
  default_power_level_content_override: {
    private_chat: { events: { 'm.room.topic': 0 }, invite: 7 },
  },
});

test('new rooms have the version, the levels and the encryption that the operator wants', async (given) => {
  const alice = await given.user('alice');
  const own = await createRoom(alice, { power_level_content_override: { invite: 3 } });
  const levels = await readContent(alice, own, 'm.room.power_levels');
  assert.deepEqual(valueAt(levels, 'events'), { 'm.room.topic': 0 });
  assert.equal(valueAt(levels, 'invite'), 3);
  const state = await readState(alice, own);
  assert.equal(valueAt(find(state, 'm.room.create')?.content, 'room_version'), '10');
  const megolm = { algorithm: 'm.megolm.v1.aes-sha2' };
  assert.deepEqual(find(state, 'm.room.encryption')?.content, megolm);
  const trusted = await createRoom(alice, { preset: 'trusted_private_chat' });
  assert.deepEqual(await readContent(alice, trusted, 'm.room.encryption'), megolm);
  const open = await readState(alice, await createRoom(alice, { preset: 'public_chat' }));
  assert.equal(find(open, 'm.room.encryption'), undefined);
  assert.equal(valueAt(find(open, 'm.room.power_levels')?.content, 'invite'), 50);
  const content = { algorithm: 'org.example.own' };
  const chosen = await createRoom(alice, {
    initial_state: [{ type: 'm.room.encryption', content }],
  });
  assert.deepEqual(await readContent(alice, chosen, 'm.room.encryption'), content);
  const features = valueAt(await ok(alice, 'GET', '/_matrix/client/versions'), 'unstable_features');
  const forced = ['public', 'private', 'trusted_private'].map((preset) =>
    valueAt(features, `io.element.e2ee_forced.${preset}`),
  );
  assert.deepEqual(forced, [false, true, true]);
});

/** One an hour, after the first few at once. */
const few = (burst: number): object => ({ per_second: 1 / 3600, burst_count: burst });
const LIMITED = '429 M_LIMIT_EXCEEDED';

const limited = serverTests({
  rc_joins: { local: few(4), remote: few(1) },
  rc_joins_per_room: few(2),
  rc_invites: { per_room: few(2), per_user: few(3), per_issuer: few(4) },
});

limited(
  'joins count by user and by room, at every endpoint, but for who is in already',
  async (given) => {
    const alice = await given.newUser();
    const [bob, carol, dave] = [
      await given.newUser(),
      await given.newUser(),
      await given.newUser(),
    ];
    const roomId = await createRoom(alice, { preset: 'public_chat' });
    const path = (user: TestUser): string =>
      roomPath(roomId, 'state', 'm.room.member', user.userId);
    const body = { membership: 'join' };
    await joinRoom(bob, roomId);
    for (let again = 0; again < 5; again += 1) await joinRoom(bob, roomId);
    assert.equal(await refusal(carol, 'PUT', path(carol), { body }), '200');
    const renamed = { body: { ...body, displayname: 'Carol' } };
    assert.equal(await refusal(carol, 'PUT', path(carol), renamed), '200');
    assert.equal(await refusal(dave, 'PUT', path(dave), { body }), LIMITED);
    assert.equal(await refusedAct(dave, roomId, 'join'), LIMITED);
    const others: string[] = [];
    for (let count = 0; count < 4; count += 1) {
      const other = await createRoom(alice, { preset: 'public_chat' });
      others.push(await refusedAct(bob, other, 'join'));
    }
    assert.deepEqual(others, ['200', '200', '200', LIMITED]);
    const knock = `${v3}/knock/${encodeURIComponent(roomId)}`;
    assert.equal(await refusal(bob, 'POST', knock, { body: {} }), LIMITED);
  },
);

limited('invitations count by issuer, room and user, those of a new room too', async (given) => {
  const alice = await given.newUser();
  const users = [await given.newUser(), await given.newUser(), await given.newUser()];
  const [first, second, third] = users.map(({ userId }) => userId);
  const roomId = await createRoom(alice);
  for (const user_id of [first, second]) await act(alice, roomId, 'invite', { user_id });
  assert.equal(await refusedAct(alice, roomId, 'invite', { user_id: third }), LIMITED);
  const bob = await given.newUser();
  const create = (user: TestUser, invite: readonly unknown[]): Promise<string> =>
    refusal(user, 'POST', `${v3}/createRoom`, { body: { invite } });
  assert.equal(await create(bob, [first, second, third, alice.userId, alice.userId]), LIMITED);
  assert.equal(await create(bob, [first, second, third]), '200');
});

const moderated = serverTests({ rc_message: few(3), rc_admin_redaction: few(2) });

moderated('what moderators redact of others does not count as their messages', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const ids: string[] = [];
  for (const text of ['one', 'two', 'three']) ids.push(await sendText(bob, roomId, text));
  const redact = (eventId: string, name: string): Promise<string> =>
    refusal(alice, 'PUT', roomPath(roomId, 'redact', eventId, name), { body: {} });
  const [first = '', second = '', third = ''] = ids;
  assert.equal(await redact(first, '1'), '200');
  assert.equal(await redact(second, '2'), '200');
  assert.equal(await redact(third, '3'), LIMITED);
  const own = await sendText(alice, roomId, 'own');
  assert.equal(await redact(own, '4'), '200');
  await sendText(alice, roomId, 'the third of her own');
  assert.equal(await redact(own, '5'), LIMITED);
});
