import assert from 'node:assert/strict';

import { api, type Response } from '../harness/api.ts';
import { registerAdmin, testPassword, type TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { ok, outcome, refusal, v3 } from './requests.ts';
import { serverTests, type ServerUnderTest } from './server-test.ts';

const test = serverTests({
  registration_requires_token: true,
  rc_registration_token_validity: { per_second: 1000, burst_count: 1000 },
});
const admin = '/_synapse/admin/v1/registration_tokens';
const validity = '/_matrix/client/v1/register/m.login.registration_token/validity';

const admins = new WeakMap<ServerUnderTest, Promise<TestUser>>();
function adminOf(given: ServerUnderTest): Promise<TestUser> {
  const known = admins.get(given) ?? registerAdmin(given.server, 'root');
  admins.set(given, known);
  return known;
}

function register({ server }: ServerUnderTest, username: string, auth?: object): Promise<Response> {
  const body = { username, password: testPassword, ...(auth === undefined ? {} : { auth }) };
  return api(server.url).request('POST', `${v3}/register`, { body });
}

async function isValid({ server }: ServerUnderTest, token: string): Promise<unknown> {
  const { status, body } = await api(server.url).request('GET', validity, { query: { token } });
  assert.equal(status, 200);
  return valueAt(body, 'valid');
}

test('a registration needs a token, as often as the token allows', async (given) => {
  const root = await adminOf(given);
  const token = 'once';
  await ok(root, 'POST', `${admin}/new`, { body: { token, uses_allowed: 1 } });
  assert.equal(await isValid(given, token), true);
  const { status, body } = await register(given, 'first');
  assert.deepEqual(valueAt(body, 'flows'), [
    { stages: ['m.login.registration_token', 'm.login.dummy'] },
  ]);
  assert.equal(status, 401);
  const session = textAt(body, 'session');
  const type = 'm.login.registration_token';
  const early = await register(given, 'first', { type: 'm.login.dummy', session });
  assert.equal(outcome(early), '401 M_FORBIDDEN');
  const wrong = await register(given, 'first', { type, session, token: 'wrong' });
  assert.equal(outcome(wrong), '401 M_UNAUTHORIZED');
  const missing = await register(given, 'first', { type, session });
  assert.equal(outcome(missing), '400 M_MISSING_PARAM');
  const shown = await register(given, 'first', { type, session, token });
  assert.deepEqual(valueAt(shown.body, 'completed'), [type]);

  const counts = async (): Promise<unknown> => {
    const of = await ok(root, 'GET', `${admin}/${token}`);
    return [valueAt(of, 'pending'), valueAt(of, 'completed')];
  };
  assert.deepEqual(await counts(), [1, 0]);
  assert.equal(await isValid(given, token), false, 'it is held for who showed it');
  const other = textAt((await register(given, 'second')).body, 'session');
  const late = await register(given, 'second', { type, session: other, token });
  assert.equal(outcome(late), '401 M_UNAUTHORIZED');
  const made = await register(given, 'first', { type: 'm.login.dummy', session });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  assert.deepEqual(await counts(), [0, 1]);
  assert.equal(await isValid(given, token), false);
});

test('administrators make, change, list and delete tokens', async (given) => {
  const root = await adminOf(given);
  const made = await ok(root, 'POST', `${admin}/new`, { body: { length: 24 } });
  const token = textAt(made, 'token');
  assert.match(token, /^[A-Za-z0-9._~-]{24}$/);
  const unlimited = { token, uses_allowed: null, pending: 0, completed: 0, expiry_time: null };
  assert.deepEqual(made, unlimited);
  const expiry = Date.now() + 60_000;
  const path = `${admin}/${encodeURIComponent(token)}`;
  const changed = await ok(root, 'PUT', path, { body: { expiry_time: expiry } });
  assert.deepEqual(changed, { ...unlimited, expiry_time: expiry });
  const used = await ok(root, 'PUT', path, { body: { uses_allowed: 0 } });
  assert.deepEqual(used, { ...unlimited, expiry_time: expiry, uses_allowed: 0 });
  const tokensIn = async (valid: boolean): Promise<string[]> => {
    const answer = await ok(root, 'GET', admin, { query: { valid } });
    return listAt(answer, 'registration_tokens').map((each) => textAt(each, 'token'));
  };
  assert.ok((await tokensIn(false)).includes(token));
  assert.ok(!(await tokensIn(true)).includes(token));
  await ok(root, 'DELETE', path);
  assert.equal(await refusal(root, 'GET', path), '404 M_NOT_FOUND');
  assert.equal(await refusal(root, 'DELETE', path), '404 M_NOT_FOUND');
  assert.equal(await refusal(root, 'PUT', path, { body: {} }), '404 M_NOT_FOUND');
});

test('a token that is none, is there, or has expired is not made', async (given) => {
  const root = await adminOf(given);
  await ok(root, 'POST', `${admin}/new`, { body: { token: 'there' } });
  for (const body of [
    { token: 'there' },
    { token: '' },
    { token: 'a b' },
    { token: 'x'.repeat(65) },
    { expiry_time: Date.now() - 1 },
  ]) {
    const answer = await refusal(root, 'POST', `${admin}/new`, { body });
    assert.equal(answer, '400 M_INVALID_PARAM', JSON.stringify(body));
  }
  const { server } = given;
  const anonymous = await api(server.url).request('POST', `${admin}/new`, { body: {} });
  assert.equal(outcome(anonymous), '401 M_MISSING_TOKEN');
  assert.equal(await isValid(given, 'unheard'), false);
  assert.equal(outcome(await api(server.url).request('GET', validity)), '400 M_MISSING_PARAM');
});
