import assert from 'node:assert/strict';
import { after } from 'node:test';

import { addAddress } from '../client-server/addresses.ts';
import { createRoom, registerUser } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { startMailServer } from '../harness/mail-server.ts';
import { startPushGateway } from '../harness/push-gateway.ts';
import { federationTests } from './federation-test.ts';

const gateway = await startPushGateway();
const mailServer = await startMailServer();
after(() => Promise.all([gateway.close(), mailServer.close()]));
const test = federationTests({
  email: {
    smtp_host: '127.0.0.1',
    smtp_port: mailServer.port,
    notif_from: 'Soma <noreply@example.org>',
    enable_notifs: true,
    notif_delay_before_mail: '100ms',
  },
  rc_3pid_validation: { per_second: 1_000, burst_count: 1_000 },
});

async function setPusher(user: TestUser, pusher: object): Promise<void> {
  const { status, body } = await user.request('POST', '/_matrix/client/v3/pushers/set', {
    body: { app_display_name: 'App', device_display_name: 'Device', lang: 'en', ...pusher },
  });
  assert.equal(status, 200, JSON.stringify(body));
}

test('a gateway is told of an invitation from another server', async ({ one, two }) => {
  const [alice, bob] = [await registerUser(one, 'pushing'), await registerUser(two, 'pushed')];
  const pushkey = `key of ${bob.userId}`;
  const data = { url: gateway.url };
  await setPusher(bob, { kind: 'http', app_id: 'org.example.app', pushkey, data });
  const roomId = await createRoom(alice, { name: 'Lab', invite: [bob.userId] });
  const told = await gateway.until(pushkey, (all) =>
    all.some((each) => valueAt(each, 'room_id') === roomId),
  );
  const notification = told.find((each) => valueAt(each, 'room_id') === roomId);
  const expected = {
    type: 'm.room.member',
    membership: 'invite',
    user_is_target: true,
    sender: alice.userId,
    room_name: 'Lab',
  };
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(valueAt(notification, name), value, name);
  }
  assert.match(textAt(notification, 'event_id'), /^\$/);
  assert.equal(valueAt(notification, 'content', 'membership'), 'invite');
});

test('an invitation from another server is mailed', async ({ one, two }) => {
  const [alice, bob] = [await registerUser(one, 'mailing'), await registerUser(two, 'mailed')];
  const address = `mailed-${two.port}@example.org`;
  await addAddress(two, mailServer, bob, address);
  const proofs = (await mailServer.until(address, 1)).length;
  await setPusher(bob, { kind: 'email', app_id: 'm.email', pushkey: address, data: {} });
  await createRoom(alice, { name: 'Lab', invite: [bob.userId] });
  const mail = (await mailServer.until(address, proofs + 1)).at(-1);
  assert.match(mail?.text ?? '', /Lab/);
});
