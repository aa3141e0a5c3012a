import assert from 'node:assert/strict';
import { after } from 'node:test';

import { act } from '../client-server/requests.ts';
import { registerServiceUser, startApplicationService } from '../harness/application-service.ts';
import { createRoom, inviteUser, registerUser, sync } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { federationTests } from './federation-test.ts';

const service = await startApplicationService({
  namespaces: { users: [{ exclusive: true, regex: '@_bridge_.*' }] },
});
after(() => service.close());
const test = federationTests({ app_service_config_files: [service.registrationFile] });

test('an application service is told of invitations from other servers, to whatever room', async ({
  one,
  two,
}) => {
  const alice = await registerUser(one, 'inviting-service');
  const localpart = `_bridge_${two.port}`;
  const puppet = await registerServiceUser(two, service, localpart);
  const carol = await registerUser(two, 'in-the-room');
  const told = (roomId: string, userId: string, membership: string): Promise<unknown> =>
    service.until(() =>
      service
        .events()
        .find(
          (event) =>
            valueAt(event, 'room_id') === roomId &&
            valueAt(event, 'state_key') === userId &&
            valueAt(event, 'content', 'membership') === membership,
        ),
    );
  // A room that the server of the invited user is not in.
  const roomId = await createRoom(alice, { name: 'Lab', invite: [puppet.userId] });
  const event = await told(roomId, puppet.userId, 'invite');
  assert.equal(valueAt(event, 'type'), 'm.room.member');
  assert.equal(valueAt(event, 'sender'), alice.userId);
  const shown = listAt(event, 'unsigned', 'invite_room_state');
  assert.ok(shown.some((each) => valueAt(each, 'content', 'name') === 'Lab'));
  await act(alice, roomId, 'kick', { user_id: puppet.userId });
  await told(roomId, puppet.userId, 'leave');
  // One that it is in.
  const other = await createRoom(alice, { invite: [carol.userId] });
  await act(carol, other, 'join');
  await inviteUser(alice, other, puppet.userId);
  await told(other, puppet.userId, 'invite');
  const ids = service.events().map((each) => valueAt(each, 'event_id'));
  assert.equal(new Set(ids).size, ids.length, 'each once');
});

test('an application service is told of each change between two of its transactions', async ({
  one,
  two,
}) => {
  const alice = await registerUser(one, 'changing-service');
  const puppet = await registerServiceUser(two, service, `_bridge_changing_${two.port}`);
  const memberships = (roomId: string): unknown[] =>
    service
      .events()
      .filter((event) => valueAt(event, 'room_id') === roomId)
      .map((event) => valueAt(event, 'content', 'membership'));
  service.answer = () => ({ status: 503 });
  try {
    // It waits to be taken, and what happens meanwhile comes at once.
    const asked = service.requests.length;
    await createRoom(alice, { invite: [puppet.userId] });
    await service.until(() => service.requests.length > asked || undefined);
    const roomId = await createRoom(alice, { name: 'Lab', invite: [puppet.userId] });
    const { nextBatch: since } = await sync(puppet);
    await act(alice, roomId, 'kick', { user_id: puppet.userId });
    await sync(puppet, { since, timeoutMs: 10_000 });
    await inviteUser(alice, roomId, puppet.userId);
    await act(puppet, roomId, 'leave');
    await inviteUser(alice, roomId, puppet.userId);
    service.answer = () => ({ status: 200 });
    const expected = ['invite', 'leave', 'invite', 'leave', 'invite'];
    await service.until(() => memberships(roomId).length >= expected.length || undefined);
    assert.deepEqual(memberships(roomId), expected);
    for (const event of service.events()) {
      if (valueAt(event, 'room_id') !== roomId) continue;
      const isInvitation = valueAt(event, 'content', 'membership') === 'invite';
      const state = JSON.stringify(valueAt(event, 'unsigned', 'invite_room_state') ?? []);
      assert.equal(state.includes('Lab'), isInvitation);
    }
  } finally {
    service.answer = () => ({ status: 200 });
  }
});
