import assert from 'node:assert/strict';

import { api } from '../harness/api.ts';
import { createRoom, logIn, registerAdmin, sync, testPassword } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { outcome, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const admin_contact = 'mailto:admin@example.org';
const refused = '403 M_RESOURCE_LIMIT_EXCEEDED';
const login = (user: string): object => ({
  type: 'm.login.password',
  identifier: { type: 'm.id.user', user },
  password: testPassword,
});

const full = serverTests({ limit_usage_by_mau: true, max_mau_value: 2, admin_contact });

full('when there are as many active users as may be, others are refused', async (given) => {
  const { server } = given;
  const [alice, bob, carol] = [
    await given.user('alice'),
    await given.user('bob'),
    await given.user('carol'),
  ];
  await sync(alice);
  await sync(bob);
  const late = await carol.request('GET', `${v3}/sync`);
  assert.equal(outcome(late), refused);
  assert.deepEqual(
    [valueAt(late.body, 'limit_type'), valueAt(late.body, 'admin_contact')],
    ['monthly_active_user', admin_contact],
  );
  assert.equal(outcome(await carol.request('POST', `${v3}/createRoom`, { body: {} })), refused);
  const client = api(server.url);
  const path = `${v3}/login`;
  assert.equal(outcome(await client.request('POST', path, { body: login('carol') })), refused);
  const again = await logIn(server, 'alice');
  await createRoom(again);
  await server.restart();
  await sync(bob);
  assert.equal(outcome(await carol.request('GET', `${v3}/sync`)), refused);
  assert.equal(outcome(await carol.request('POST', `${v3}/logout`)), '200');
});

const trial = serverTests({ limit_usage_by_mau: true, max_mau_value: 0, mau_trial_days: 1 });

trial('who is new is not counted', async (given) => {
  await sync(await given.user('alice'));
});

const closed = serverTests({ hs_disabled: true, hs_disabled_message: 'Gone fishing' });

closed('a server that is disabled serves nobody', async (given) => {
  const client = api(given.server.url);
  const body = { username: 'alice', password: testPassword };
  const challenge = await client.request('POST', `${v3}/register`, { body });
  const auth = { type: 'm.login.dummy', session: valueAt(challenge.body, 'session') };
  const answer = await client.request('POST', `${v3}/register`, { body: { ...body, auth } });
  assert.equal(outcome(answer), refused);
  assert.equal(valueAt(answer.body, 'error'), 'Gone fishing');
  assert.equal(valueAt(answer.body, 'limit_type'), 'hs_disabled');
  await assert.rejects(registerAdmin(given.server, 'root'));
});
