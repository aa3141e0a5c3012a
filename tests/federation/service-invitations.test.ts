import assert from 'node:assert/strict';
import { after } from 'node:test';

import { act } from '../client-server/requests.ts';
import { registerServiceUser, startApplicationService } from '../harness/application-service.ts';
import { createRoom, inviteUser, registerUser } from '../harness/client.ts';
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
