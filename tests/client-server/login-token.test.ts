import assert from 'node:assert/strict';

import { api } from '../harness/api.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { confirmed } from './interactive.ts';
import { ok, outcome, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const test = serverTests({ login_via_existing_session: { enabled: true, token_timeout: '2m' } });
const testWithout = serverTests();
const path = '/_matrix/client/v1/login/get_token';

test('a session gives out a login token when the password confirms it, each time', async (given) => {
  const alice = await given.newUser();
  const wrong = await confirmed(alice, 'POST', path, {}, 'wrong');
  assert.equal(outcome(wrong), '401 M_FORBIDDEN');
  const { status, body } = await confirmed(alice, 'POST', path);
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(valueAt(body, 'expires_in_ms'), 120_000);
  const login = { type: 'm.login.token', token: textAt(body, 'login_token'), device_id: 'TV' };
  const client = api(given.server.url);
  const made = await client.request('POST', `${v3}/login`, { body: login });
  assert.deepEqual(
    [valueAt(made.body, 'user_id'), valueAt(made.body, 'device_id')],
    [alice.userId, 'TV'],
  );
  const again = await client.request('POST', `${v3}/login`, { body: login });
  assert.equal(outcome(again), '403 M_FORBIDDEN');
  const capabilities = await ok(alice, 'GET', `${v3}/capabilities`);
  const capability = valueAt(capabilities, 'capabilities', 'm.get_login_token');
  assert.deepEqual(capability, { enabled: true });
});

test('a confirmation is good for one token', async (given) => {
  const alice = await given.newUser();
  const challenge = await alice.request('POST', path, { body: {} });
  const session = textAt(challenge.body, 'session');
  const identifier = { type: 'm.id.user', user: alice.userId };
  const password = 'correct horse battery staple';
  const auth = { type: 'm.login.password', identifier, password, session };
  assert.equal((await alice.request('POST', path, { body: { auth } })).status, 200);
  assert.equal(
    await refusal(alice, 'POST', path, { body: { auth: { session } } }),
    '400 M_UNKNOWN',
  );
});

testWithout('a server that gives out none says so', async (given) => {
  const alice = await given.newUser();
  assert.equal(await refusal(alice, 'POST', path, { body: {} }), '404 M_UNRECOGNIZED');
  const login = { type: 'm.login.token', token: 'x' };
  const answer = await api(given.server.url).request('POST', `${v3}/login`, { body: login });
  assert.equal(outcome(answer), '400 M_UNKNOWN');
});
