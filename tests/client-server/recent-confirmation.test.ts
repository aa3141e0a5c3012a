import assert from 'node:assert/strict';

import { logIn } from '../harness/client.ts';
import { confirmed } from './interactive.ts';
import { v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const remembering = serverTests({ ui_auth: { session_timeout: '1h' } });
const strict = serverTests();

async function statuses(given: Parameters<Parameters<typeof strict>[1]>[0]): Promise<number[]> {
  const alice = await given.newUser();
  const phones = [await logIn(given.server, alice.userId), await logIn(given.server, alice.userId)];
  const [first, second] = phones.map(({ deviceId }) => `${v3}/devices/${deviceId}`);
  const before = await alice.request('DELETE', first ?? '', { body: {} });
  const agreed = await confirmed(alice, 'DELETE', first ?? '');
  const after = await alice.request('DELETE', second ?? '', { body: {} });
  const other = await logIn(given.server, alice.userId);
  const ofOther = await other.request('DELETE', second ?? '', { body: {} });
  const deactivation = await alice.request('POST', `${v3}/account/deactivate`, { body: {} });
  return [before, agreed, after, ofOther, deactivation].map(({ status }) => status);
}

remembering(
  'a session that has just confirmed is not asked again, but for the account',
  async (given) => {
    assert.deepEqual(await statuses(given), [401, 200, 200, 401, 401]);
  },
);

strict('without the option every request is confirmed', async (given) => {
  assert.deepEqual(await statuses(given), [401, 200, 401, 401, 401]);
});
