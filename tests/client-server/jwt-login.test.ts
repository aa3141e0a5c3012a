import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, sign as signWithKey } from 'node:crypto';

import { api, type Response } from '../harness/api.ts';
import { registerAdmin } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { outcome, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const secret = 'a-secret-of-the-tests-that-is-long-enough';
const test = serverTests({
  jwt_config: { enabled: true, secret, algorithm: 'HS256', display_name_claim: 'name' },
});
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicPem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const testPublicKey = serverTests({
  jwt_config: {
    enabled: true,
    secret: publicPem,
    algorithm: 'ES256',
    subject_claim: 'login',
    issuer: 'https://accounts.example.org',
    audiences: ['soma', 'other'],
  },
});

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const unsigned = (alg: string, claims: object): string => `${encode({ alg })}.${encode(claims)}`;

function sign(claims: object, key = secret): string {
  const content = unsigned('HS256', claims);
  return `${content}.${createHmac('sha256', key).update(content).digest('base64url')}`;
}

function signByKey(claims: object): string {
  const content = unsigned('ES256', claims);
  const key = { key: keys.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${content}.${signWithKey('sha256', Buffer.from(content), key).toString('base64url')}`;
}

const logIn = (server: string, token: unknown): Promise<Response> =>
  api(server).request('POST', `${v3}/login`, {
    body: { type: 'org.matrix.login.jwt', token, device_id: 'TV' },
  });
const nowS = (): number => Math.floor(Date.now() / 1000);

test('a signed token logs in, and makes an account where there is none', async (given) => {
  const { url } = given.server;
  const { body } = await api(url).request('GET', `${v3}/login`);
  assert.ok(listAt(body, 'flows').some((each) => valueAt(each, 'type') === 'org.matrix.login.jwt'));
  const token = sign({ sub: 'Ann', name: 'Ann A.', exp: nowS() + 60 });
  const first = await logIn(url, token);
  assert.equal(valueAt(first.body, 'user_id'), '@ann:soma.test', JSON.stringify(first.body));
  assert.equal(valueAt(first.body, 'device_id'), 'TV');
  const second = await logIn(url, token);
  assert.equal(valueAt(second.body, 'user_id'), '@ann:soma.test');
  const profile = await api(url).request('GET', `${v3}/profile/@ann:soma.test`);
  assert.deepEqual(profile.body, { displayname: 'Ann A.' });
});

test('any other token is refused', async (given) => {
  const { url } = given.server;
  const sound = sign({ sub: 'bob' });
  for (const token of [
    undefined,
    '',
    'x.y.z',
    sign({ sub: 'bob' }, 'another-secret-that-is-long-enough-for-it'),
    sign({ sub: 'bob', exp: nowS() - 600 }),
    sign({ sub: 'bob', nbf: nowS() + 600 }),
    // For somebody else.
    sign({ sub: 'bob', aud: 'other' }),
    sign({ name: 'no subject' }),
    sign({ sub: 7 }),
    `${unsigned('none', { sub: 'bob' })}.`,
    `${sound.split('.')[0] ?? ''}.${encode({ sub: 'eve' })}.${sound.split('.')[2] ?? ''}`,
  ]) {
    assert.equal(outcome(await logIn(url, token)), '403 M_FORBIDDEN', token);
  }
  const unusable = await logIn(url, sign({ sub: 'no name' }));
  assert.equal(outcome(unusable), '400 M_INVALID_USERNAME');
});

test('a locked user is refused', async (given) => {
  const { url } = given.server;
  const token = sign({ sub: 'carl' });
  await logIn(url, token);
  const admin = await registerAdmin(given.server, 'lock-admin');
  const body = { locked: true };
  await admin.request('PUT', '/_matrix/client/v1/admin/lock/@carl:soma.test', { body });
  assert.equal(outcome(await logIn(url, token)), '401 M_USER_LOCKED');
});

testPublicKey('a public key, an issuer and audiences are held to', async (given) => {
  const { url } = given.server;
  const issuer = 'https://accounts.example.org';
  assert.equal(
    (await logIn(url, signByKey({ login: 'dora', iss: issuer, aud: 'soma' }))).status,
    200,
  );
  for (const token of [
    signByKey({ login: 'dora', iss: 'https://evil.example.org', aud: 'soma' }),
    signByKey({ login: 'dora', iss: issuer, aud: 'nobody' }),
    // The public key is no secret.
    sign({ login: 'dora', iss: issuer, aud: 'soma' }, publicPem),
  ]) {
    assert.equal(outcome(await logIn(url, token)), '403 M_FORBIDDEN');
  }
});
