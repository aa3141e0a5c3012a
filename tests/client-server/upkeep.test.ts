import assert from 'node:assert/strict';

import { logIn } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { ok, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const forgetful = serverTests({ user_ips_max_age: '1ms' });

forgetful('from where a device was used is forgotten, and when is not', async (given) => {
  const { server } = given;
  const alice = await given.user('alice');
  const phone = await logIn(server, 'alice');
  await ok(phone, 'GET', `${v3}/account/whoami`);
  const path = `${v3}/devices/${phone.deviceId}`;
  const before = await ok(alice, 'GET', path);
  assert.equal(valueAt(before, 'last_seen_ip'), '127.0.0.1');
  await server.restart();
  let device = await ok(alice, 'GET', path);
  while (valueAt(device, 'last_seen_ip') !== undefined) device = await ok(alice, 'GET', path);
  assert.equal(valueAt(device, 'last_seen_ts'), valueAt(before, 'last_seen_ts'));
  const whois = await ok(alice, 'GET', `${v3}/admin/whois/${encodeURIComponent(alice.userId)}`);
  const sessions = listAt(whois, 'devices', phone.deviceId, 'sessions');
  assert.deepEqual(sessions, [{ connections: [] }]);
});

const tidy = serverTests({ delete_stale_devices_after: '1ms' });

tidy('a device that is not used is logged out and deleted', async (given) => {
  const { server } = given;
  const phone = await given.user('alice');
  await ok(phone, 'GET', `${v3}/account/whoami`);
  await server.restart();
  let found = '';
  while (found !== '401 M_UNKNOWN_TOKEN') {
    found = await refusal(phone, 'GET', `${v3}/capabilities`);
  }
  const laptop = await logIn(server, 'alice');
  const { devices }: { devices?: unknown } = Object(await ok(laptop, 'GET', `${v3}/devices`));
  const ids = Array.isArray(devices) ? devices.map((each) => valueAt(each, 'device_id')) : [];
  assert.deepEqual(ids, [laptop.deviceId]);
});
