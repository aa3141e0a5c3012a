import assert from 'node:assert/strict';

import { exportSPKI, generateKeyPair, SignJWT } from 'jose';

import { api, type Response } from '../harness/api.ts';
import { registerAdmin } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { outcome, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const secret = 'a-secret-of-the-tests-that-is-long-enough';
const test = serverTests({
  jwt_config: { enabled: true, secret, algorithm: 'HS256', display_name_claim: 'name' },
});
const keys = await generateKeyPair('ES256');
const testPublicKey = serverTests({
  jwt_config: {
    enabled: true,
    secret: await exportSPKI(keys.publicKey),
    algorithm: 'ES256',
    subject_claim: 'login',
    issuer: 'https://accounts.example.org',
    audiences: ['soma', 'other'],
  },
});
const testWithout = serverTests();

const sign = (claims: Record<string, unknown>, key = secret) =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(key));
const logIn = (server: string, token: unknown): Promise<Response> =>
  api(server).request('POST', `${v3}/login`, {
    body: { type: 'org.matrix.login.jwt', token, device_id: 'TV' },
  });
const nowS = (): number => Math.floor(Date.now() / 1000);

test('a signed token logs in, and makes an account where there is none', async (given) => {
  const { url } = given.server;
  const { body } = await api(url).request('GET', `${v3}/login`);
  assert.ok(listAt(body, 'flows').some((each) => valueAt(each, 'type') === 'org.matrix.login.jwt'));
  const token = await sign({ sub: 'Ann', name: 'Ann A.', exp: nowS() + 60 });
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
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const sound = await sign({ sub: 'bob' });
  for (const token of [
    undefined,
    '',
    'x.y.z',
    await sign({ sub: 'bob' }, 'another-secret-that-is-long-enough-for-it'),
    await sign({ sub: 'bob', exp: nowS() - 600 }),
    await sign({ sub: 'bob', nbf: nowS() + 600 }),
    // For somebody else.
    await sign({ sub: 'bob', aud: 'other' }),
    await sign({ name: 'no subject' }),
    await sign({ sub: 7 }),
    `${encode({ alg: 'none' })}.${encode({ sub: 'bob' })}.`,
    `${sound.split('.')[0] ?? ''}.${encode({ sub: 'eve' })}.${sound.split('.')[2] ?? ''}`,
  ]) {
    assert.equal(outcome(await logIn(url, token)), '403 M_FORBIDDEN', token);
  }
  const unusable = await logIn(url, await sign({ sub: 'no name' }));
  assert.equal(outcome(unusable), '400 M_INVALID_USERNAME');
});

test('a locked user is refused', async (given) => {
  const { url } = given.server;
  const token = await sign({ sub: 'carl' });
  await logIn(url, token);
  const admin = await registerAdmin(given.server, 'lock-admin');
  const body = { locked: true };
  await admin.request('PUT', '/_matrix/client/v1/admin/lock/@carl:soma.test', { body });
  assert.equal(outcome(await logIn(url, token)), '401 M_USER_LOCKED');
});

testPublicKey('a public key, an issuer and audiences are held to', async (given) => {
  const { url } = given.server;
  const signWith = (issuer: string, audience: string) =>
    new SignJWT({ login: 'dora' })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(issuer)
      .setAudience(audience)
      .sign(keys.privateKey);
  const issuer = 'https://accounts.example.org';
  assert.equal((await logIn(url, await signWith(issuer, 'soma'))).status, 200);
  for (const token of [
    await signWith('https://evil.example.org', 'soma'),
    await signWith(issuer, 'nobody'),
    // The public key is no secret.
    await sign({ login: 'dora', iss: issuer, aud: 'soma' }, await exportSPKI(keys.publicKey)),
  ]) {
    assert.equal(outcome(await logIn(url, token)), '403 M_FORBIDDEN');
  }
});

testWithout('without the option there is no such login', async (given) => {
  const answer = await logIn(given.server.url, await sign({ sub: 'eve' }));
  assert.equal(outcome(answer), '400 M_UNKNOWN');
});
