import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';

import { api } from '../harness/api.ts';
import type { TestUser } from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { ok, outcome, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const livekit = { type: 'livekit', livekit_service_url: 'https://rtc.example.org' };
const test = serverTests({
  turn_uris: ['turn:turn.example.org'],
  turn_shared_secret: 'turn secret',
  turn_user_lifetime: '2h',
  matrix_rtc: { transports: [livekit] },
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

const transports = '/_matrix/client/unstable/org.matrix.msc4143/rtc/transports';
const hasTransports = async (user: TestUser): Promise<unknown> => {
  const features = valueAt(await ok(user, 'GET', '/_matrix/client/versions'), 'unstable_features');
  return valueAt(features, 'org.matrix.msc4143');
};

test('what carries group calls is told as the operator says it', async (given) => {
  const alice = await given.user('alice');
  assert.deepEqual(await ok(alice, 'GET', transports), { rtc_transports: [livekit] });
  assert.equal(await hasTransports(alice), true);
  const answer = await api(given.server.url).request('GET', transports);
  assert.equal(outcome(answer), '401 M_MISSING_TOKEN');
});

without('without anything for group calls, clients look elsewhere', async (given) => {
  const alice = await given.user('alice');
  assert.equal(await refusal(alice, 'GET', transports), '404 M_UNRECOGNIZED');
  assert.equal(await hasTransports(alice), false);
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
