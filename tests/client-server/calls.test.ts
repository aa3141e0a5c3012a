import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

import { api } from '../harness/api.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { ok, outcome, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const test = serverTests({
  turn_uris: ['turn:turn.example.org'],
  turn_shared_secret: 'turn secret',
  turn_user_lifetime: '2h',
});
const without = serverTests();

test('TURN servers come with a password that they can check', async (given) => {
  const alice = await given.user('alice');
  const body = await ok(alice, 'GET', `${v3}/voip/turnServer`);
  const username = textAt(body, 'username');
  const [expiry, userId] = [username.split(':')[0], username.slice(username.indexOf(':') + 1)];
  assert.equal(userId, alice.userId);
  assert.ok(Number(expiry) > Date.now() / 1000 + 7_000);
  const password = createHmac('sha1', 'turn secret').update(username).digest('base64');
  assert.deepEqual(body, { username, password, ttl: 7_200, uris: ['turn:turn.example.org'] });
});

without('without TURN servers there is nothing to hand out', async (given) => {
  const alice = await given.user('alice');
  assert.deepEqual(await ok(alice, 'GET', `${v3}/voip/turnServer`), {});
});

test('others learn from an OpenID token who the user is', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.user('bob')];
  const path = `${v3}/user/${encodeURIComponent(alice.userId)}/openid/request_token`;
  const body = await ok(alice, 'POST', path, { body: {} });
  assert.equal(valueAt(body, 'token_type'), 'Bearer');
  assert.equal(valueAt(body, 'expires_in'), 3_600);
  const anonymous = api(given.server.url);
  const ask = (query: Record<string, string>) =>
    anonymous.request('GET', '/_matrix/federation/v1/openid/userinfo', { query });
  const told = await ask({ access_token: textAt(body, 'access_token') });
  assert.deepEqual([told.status, told.body], [200, { sub: alice.userId }]);
  assert.equal(outcome(await ask({ access_token: alice.accessToken })), '401 M_UNKNOWN_TOKEN');
  assert.equal(outcome(await ask({})), '400 M_MISSING_PARAM');
  assert.equal(await refusal(bob, 'POST', path, { body: {} }), '403 M_FORBIDDEN');
});
