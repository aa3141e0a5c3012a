import assert from 'node:assert/strict';

import { api, type Response } from '../harness/api.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import type { OpenIdUser } from '../harness/openid-provider.ts';
import { SmallBrowser, type Visited } from '../harness/small-browser.ts';
import { outcome, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';
import { logInFrom, mapping, openProvider, providerEntry, signInAs, trusted } from './sso-test.ts';

const provider = await openProvider();

const test = serverTests({
  oidc_providers: [
    providerEntry(provider, {
      ...mapping({ localpart_template: '{{ user.sub }}' }),
      allow_existing_users: true,
    }),
  ],
  sso: trusted,
});

interface SignedIn {
  readonly userId: string;
  readonly deviceId: string;
  request(method: string, path: string, body?: object): Promise<Response>;
}

async function signedIn(server: string, user: OpenIdUser): Promise<SignedIn> {
  const made = await logInFrom(server, await signInAs(provider, server, user));
  const token = textAt(made.body, 'access_token');
  return {
    userId: textAt(made.body, 'user_id'),
    deviceId: textAt(made.body, 'device_id'),
    request: (method, path, body = {}) => api(server).request(method, path, { token, body }),
  };
}

const fallback = (server: string, session: string) =>
  `${server}${v3}/auth/m.login.sso/fallback/web?session=${session}`;

/** Confirms as a user of the provider, in a browser. */
async function confirmAs(server: string, session: string, user: OpenIdUser): Promise<Visited> {
  provider.register(server);
  provider.user = user;
  return new SmallBrowser().post(fallback(server, session), { idp: 'oidc-work' });
}

test('a user confirms by logging in again', async (given) => {
  const { url } = given.server;
  const ann = await signedIn(url, { sub: 'ann' });
  const path = `${v3}/devices/${ann.deviceId}`;
  const challenge = await ann.request('DELETE', path);
  assert.equal(challenge.status, 401);
  assert.deepEqual(valueAt(challenge.body, 'flows'), [{ stages: ['m.login.sso'] }]);
  const session = textAt(challenge.body, 'session');
  const page = await new SmallBrowser().get(fallback(url, session));
  assert.equal(page.status, 200);
  assert.match(page.body, /An app wants to remove a device from your account/);
  assert.match(page.body, /@ann:soma\.test/);
  assert.match(page.body, /Continue with Work/);
  const early = await ann.request('DELETE', path, { auth: { session } });
  assert.equal(early.status, 401);
  const forged = await ann.request('DELETE', path, { auth: { type: 'm.login.sso', session } });
  assert.equal(outcome(forged), '401 M_FORBIDDEN');
  const done = await confirmAs(url, session, { sub: 'ann' });
  assert.equal(done.status, 200);
  assert.match(done.body, /auth-done\.js/);
  assert.equal((await ann.request('DELETE', path, { auth: { session } })).status, 200);
});

test('another user of the provider confirms nothing', async (given) => {
  const { url } = given.server;
  const bob = await signedIn(url, { sub: 'bob' });
  await signedIn(url, { sub: 'mallory' });
  const path = `${v3}/delete_devices`;
  const body = { devices: [bob.deviceId] };
  const session = textAt((await bob.request('POST', path, body)).body, 'session');
  for (const sub of ['mallory', 'nobody-yet']) {
    const refused = await confirmAs(url, session, { sub });
    assert.equal(refused.status, 403);
    assert.match(refused.body, /as somebody else/);
    assert.doesNotMatch(refused.body, /auth-done/);
  }
  const still = await bob.request('POST', path, { ...body, auth: { session } });
  assert.equal(still.status, 401);
  // Who was not known before got no account by it.
  const nobody = await api(url).request('GET', `${v3}/profile/@nobody-yet:soma.test`);
  assert.equal(nobody.status, 404);
});

test('what is no session, no provider of the user, or not begun here leads nowhere', async (given) => {
  const { url } = given.server;
  assert.equal((await new SmallBrowser().get(fallback(url, 'none'))).status, 400);
  const dave = await given.user('dave');
  const challenge = await dave.request('DELETE', `${v3}/devices/X`, { body: {} });
  assert.deepEqual(valueAt(challenge.body, 'flows'), [{ stages: ['m.login.password'] }]);
  const session = textAt(challenge.body, 'session');
  assert.equal((await new SmallBrowser().get(fallback(url, session))).status, 404);
  const erin = await signedIn(url, { sub: 'erin' });
  const own = textAt((await erin.request('DELETE', `${v3}/devices/X`)).body, 'session');
  const posted = await new SmallBrowser().post(fallback(url, own), { idp: 'oidc-other' });
  assert.equal(posted.status, 404);
  // A session of registration has no user whom anybody could be.
  const registration = await api(url).request('POST', `${v3}/register`, { body: {} });
  const nobody = textAt(registration.body, 'session');
  assert.equal((await new SmallBrowser().get(fallback(url, nobody))).status, 400);
});

test('who has a password, too, may choose; and sets one by logging in again', async (given) => {
  const { url } = given.server;
  await given.user('frank');
  const frank = await signedIn(url, { sub: 'frank' });
  const challenge = await frank.request('POST', `${v3}/account/password`, {
    new_password: 'another good password',
  });
  assert.deepEqual(valueAt(challenge.body, 'flows'), [
    { stages: ['m.login.password'] },
    { stages: ['m.login.sso'] },
  ]);
  const session = textAt(challenge.body, 'session');
  assert.equal((await confirmAs(url, session, { sub: 'frank' })).status, 200);
  const changed = await frank.request('POST', `${v3}/account/password`, { auth: { session } });
  assert.equal(changed.status, 200);
  const login = {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: 'frank' },
    password: 'another good password',
  };
  assert.equal((await api(url).request('POST', `${v3}/login`, { body: login })).status, 200);
});

test('an account is closed by logging in again, and stays closed', async (given) => {
  const { url } = given.server;
  const user = { sub: 'gina' };
  const gina = await signedIn(url, user);
  const path = `${v3}/account/deactivate`;
  const session = textAt((await gina.request('POST', path)).body, 'session');
  await confirmAs(url, session, user);
  assert.equal((await gina.request('POST', path, { auth: { session } })).status, 200);
  const refused = await signInAs(provider, url, user);
  assert.equal(refused.status, 403);
  assert.match(refused.body, /This account has been deactivated/);
});
