import assert from 'node:assert/strict';
import { after } from 'node:test';

import { addAddress, newAddress } from '../client-server/addresses.ts';
import { ok, refusal, v3 } from '../client-server/requests.ts';
import { serverTests } from '../client-server/server-test.ts';
import { registerAdmin } from '../harness/client.ts';
import { startMailServer } from '../harness/mail-server.ts';

const mailServer = await startMailServer();
after(() => mailServer.close());

const test = serverTests({
  email: { smtp_host: '127.0.0.1', smtp_port: mailServer.port, notif_from: 'soma@example.org' },
  rc_3pid_validation: { per_second: 100_000, burst_count: 100_000 },
});
const base = '/_synapse/admin/v1';

test('an administrator finds who has an address, and what pushers somebody has', async (given) => {
  const admin = await registerAdmin(given.server, 'admin');
  const bob = await given.newUser();
  const address = newAddress();
  await addAddress(given.server, mailServer, bob, address);
  const found = await ok(admin, 'GET', `${base}/threepid/email/users/${address.toUpperCase()}`);
  assert.deepEqual(found, { user_id: bob.userId });
  const pusher = {
    kind: 'http',
    app_id: 'app',
    pushkey: 'key',
    app_display_name: 'App',
    device_display_name: 'Phone',
    lang: 'en',
    data: { url: 'https://push.example.org/_matrix/push/v1/notify' },
  };
  await ok(bob, 'POST', `${v3}/pushers/set`, { body: pusher });
  const pushers = `${base}/users/${encodeURIComponent(bob.userId)}/pushers`;
  assert.deepEqual(await ok(admin, 'GET', pushers), {
    pushers: [{ ...pusher, profile_tag: '', enabled: true, device_id: bob.deviceId }],
    total: 1,
  });
  const ask = (path: string, user = admin): Promise<string> => refusal(user, 'GET', base + path);
  assert.equal(await ask('/threepid/email/users/nobody@example.org'), '404 M_NOT_FOUND');
  assert.equal(await ask('/threepid/pigeon/users/x'), '400 M_INVALID_PARAM');
  assert.equal(await ask(`/threepid/email/users/${address}`, bob), '403 M_FORBIDDEN');
  assert.equal(await ask('/users/@nobody:soma.test/pushers'), '404 M_NOT_FOUND');
  assert.equal(await ask('/users/@x:elsewhere.org/pushers'), '400 M_UNKNOWN');
});
