import assert from 'node:assert/strict';

import { api } from '../harness/api.ts';
import { registerAdmin } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { SmallBrowser } from '../harness/small-browser.ts';
import { outcome, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';
import {
  logInFrom,
  logInWith,
  loginTokenIn,
  mapping,
  openProvider,
  providerEntry,
  redirectAddress,
  signInAs,
  trusted,
  trustedClient,
  unknownClient,
} from './sso-test.ts';

const provider = await openProvider();

const names = mapping({
  localpart_template: '{{ user.preferred_username }}',
  display_name_template: '{{ user.name }}',
  email_template: '{{ user.email }}',
  extra_attributes: { 'org.example.groups': '{{ user.groups[0] }}' },
});
const test = serverTests({
  oidc_providers: [
    providerEntry(provider, { ...names, idp_icon: 'mxc://soma.test/icon', idp_brand: 'github' }),
    providerEntry(provider, {
      ...names,
      idp_id: 'existing',
      idp_name: 'Existing',
      allow_existing_users: true,
      enable_registration: false,
    }),
    providerEntry(provider, {
      ...names,
      idp_id: 'staff',
      idp_name: 'Staff <b>only</b>',
      attribute_requirements: [{ attribute: 'groups', value: 'staff' }],
      user_profile_method: 'userinfo_endpoint',
    }),
  ],
  sso: { ...trusted, update_profile_information: true },
});
const testWithout = serverTests();

test('a user of the provider gets an account, and the same one each time', async (given) => {
  const { url } = given.server;
  const user = {
    sub: 'id-anna',
    preferred_username: 'Anna',
    name: 'Anna Müller',
    email: 'Anna@Example.org',
    groups: ['staff'],
  };
  const first = await signInAs(provider, url, user);
  assert.match(first.url, /^https:\/\/chat\.example\.org\/app\?x=1&loginToken=[^&]+#\/home$/);
  const made = await logInFrom(url, first, { device_id: 'TV' });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  assert.equal(valueAt(made.body, 'user_id'), '@anna:soma.test');
  assert.equal(valueAt(made.body, 'org.example.groups'), 'staff');
  const token = textAt(made.body, 'access_token');
  const client = api(url);
  const profile = await client.request('GET', `${v3}/profile/@anna:soma.test`);
  assert.deepEqual(profile.body, { displayname: 'Anna Müller' });
  const addresses = await client.request('GET', `${v3}/account/3pid`, { token });
  assert.equal(textAt(listAt(addresses.body, 'threepids')[0], 'address'), 'anna@example.org');

  const changed = { ...user, preferred_username: 'someone-else', name: 'Anna Schmidt' };
  const second = await signInAs(provider, url, changed);
  const again = await logInFrom(url, second);
  assert.equal(valueAt(again.body, 'user_id'), '@anna:soma.test');
  const renamed = await client.request('GET', `${v3}/profile/@anna:soma.test`);
  assert.deepEqual(renamed.body, { displayname: 'Anna Schmidt' });
});

test('an administrator finds the user by the ID at the provider', async (given) => {
  const { url } = given.server;
  await signInAs(provider, url, { sub: 'id/äbc 1', preferred_username: 'abc' });
  const admin = await registerAdmin(given.server, 'find-admin');
  const path = (id: string) =>
    `/_synapse/admin/v1/auth_providers/oidc-work/users/${encodeURIComponent(id)}`;
  const found = await admin.request('GET', path('id/äbc 1'));
  assert.deepEqual(found.body, { user_id: '@abc:soma.test' });
  assert.equal(outcome(await admin.request('GET', path('nobody'))), '404 M_NOT_FOUND');
  const bob = await given.user('not-an-admin');
  assert.equal(outcome(await bob.request('GET', path('id/äbc 1'))), '403 M_FORBIDDEN');
});

test('a login token is good once', async (given) => {
  const { url } = given.server;
  const visited = await signInAs(provider, url, { sub: 'id-bea', preferred_username: 'bea' });
  const token = loginTokenIn(visited);
  assert.equal((await logInWith(url, token)).status, 200);
  assert.equal(outcome(await logInWith(url, token)), '403 M_FORBIDDEN');
});

test('clients are told of the providers', async (given) => {
  const { body } = await api(given.server.url).request('GET', `${v3}/login`);
  const flows = listAt(body, 'flows');
  assert.deepEqual(valueAt(flows[0], 'type'), 'm.login.sso');
  assert.deepEqual(valueAt(flows[0], 'identity_providers'), [
    { id: 'oidc-work', name: 'Work', icon: 'mxc://soma.test/icon', brand: 'github' },
    { id: 'oidc-existing', name: 'Existing' },
    { id: 'oidc-staff', name: 'Staff <b>only</b>' },
  ]);
  assert.ok(flows.some((flow) => valueAt(flow, 'type') === 'm.login.token'));
  const login = { type: 'm.login.sso' };
  const refused = await api(given.server.url).request('POST', `${v3}/login`, { body: login });
  assert.equal(outcome(refused), '400 M_UNKNOWN');
});

test('without a choice of the client the user chooses the provider', async (given) => {
  const { url } = given.server;
  const browser = new SmallBrowser();
  const page = await browser.get(redirectAddress(url, `${trustedClient}"><script>`));
  assert.equal(page.status, 200);
  assert.match(page.url, /\/_synapse\/client\/pick_idp\?redirectUrl=/);
  assert.match(page.body, /Staff &lt;b&gt;only&lt;\/b&gt;/);
  assert.doesNotMatch(page.body, /<script>/);
  const picked = await browser.peek(`${page.url}&idp=oidc-work`);
  assert.match(picked, /\/_matrix\/client\/v3\/login\/sso\/redirect\/oidc-work\?redirectUrl=/);
  assert.equal(new URL(await browser.peek(picked)).origin, provider.issuer);
  const unknown = await browser.get(`${page.url}&idp=oidc-nobody`);
  assert.equal(unknown.status, 404);
});

test('a provider may bring people to the accounts that are there, and no others', async (given) => {
  const { url } = given.server;
  const carol = await given.user('carol');
  const user = { sub: 'id-carol', preferred_username: 'carol' };
  const visited = await signInAs(provider, url, user, { idpId: 'oidc-existing' });
  const made = await logInFrom(url, visited);
  assert.equal(valueAt(made.body, 'user_id'), carol.userId);
  const other = { sub: 'id-dora', preferred_username: 'dora' };
  const refused = await signInAs(provider, url, other, { idpId: 'oidc-existing' });
  assert.equal(refused.status, 403);
  assert.match(refused.body, /You have no account on this server/);
});

test('a user without what is required is refused', async (given) => {
  const { url } = given.server;
  const user = { sub: 'id-eva', preferred_username: 'eva', groups: ['guests'] };
  const refused = await signInAs(provider, url, user, { idpId: 'oidc-staff' });
  assert.equal(refused.status, 403);
  assert.match(refused.body, /You are not allowed to log in here/);
  const member = { ...user, groups: ['guests', 'staff'] };
  const visited = await signInAs(provider, url, member, { idpId: 'oidc-staff' });
  assert.equal((await logInFrom(url, visited)).status, 200);
});

test('who declines at the provider is told so', async (given) => {
  const refused = await signInAs(provider, given.server.url, undefined);
  assert.equal(refused.status, 403);
  assert.match(refused.body, /did not let you log in/);
  assert.doesNotMatch(refused.body, /<b>by the user/);
});

test('a locked user is told so, and gets no token', async (given) => {
  const { url } = given.server;
  const user = { sub: 'id-fay', preferred_username: 'fay' };
  await signInAs(provider, url, user);
  const admin = await registerAdmin(given.server, 'lock-admin');
  const lock = `/_matrix/client/v1/admin/lock/@fay:soma.test`;
  const locked = await admin.request('PUT', lock, { body: { locked: true } });
  assert.equal(locked.status, 200);
  const refused = await signInAs(provider, url, user);
  assert.equal(refused.status, 403);
  assert.match(refused.body, /This account has been locked/);
});

test('the user is asked before a client that nobody knows gets the login', async (given) => {
  const { url } = given.server;
  const browser = new SmallBrowser();
  const user = { sub: 'id-gil', preferred_username: 'gil' };
  const redirectUrl = `${unknownClient}?loginToken=old&a=%20b&a=c`;
  const page = await signInAs(provider, url, user, { redirectUrl, browser });
  assert.equal(page.status, 200);
  assert.match(page.body, /other\.example\.org wants to use this account/);
  assert.match(page.body, /@gil:soma\.test/);
  assert.doesNotMatch(page.body, /loginToken/);
  const stranger = await new SmallBrowser().post(`${url}/_synapse/client/sso_consent`, {});
  assert.equal(stranger.status, 400);
  const agreed = await browser.post(`${url}/_synapse/client/sso_consent`, {});
  assert.match(agreed.url, /^https:\/\/other\.example\.org\/\?a=%20b&a=c&loginToken=[^&]+$/);
  assert.equal((await logInFrom(url, agreed)).status, 200);
  const again = await browser.post(`${url}/_synapse/client/sso_consent`, {});
  assert.equal(again.status, 400);
});

test('the login page of the server, and an app by its scheme, can be gone back to', async (given) => {
  const { url } = given.server;
  const user = { sub: 'id-hal', preferred_username: 'hal' };
  const loginPage = `${url}/_matrix/static/client/login/?device_id=TV`;
  const visited = await signInAs(provider, url, user, { redirectUrl: loginPage });
  assert.match(visited.url, /\/_matrix\/static\/client\/login\/\?device_id=TV&loginToken=/);
  const browser = new SmallBrowser();
  const app = 'org.example.chat:/callback?state=1';
  const page = await signInAs(provider, url, user, { redirectUrl: app, browser });
  assert.match(page.body, /org\.example\.chat:\/callback wants/);
  assert.match(page.headers.get('content-security-policy') ?? '', /org\.example\.chat:/);
  const agreed = await browser.post(`${url}/_synapse/client/sso_consent`, {});
  assert.match(agreed.url, /^org\.example\.chat:\/callback\?state=1&loginToken=/);
});

test('what is no address of a client is refused', async (given) => {
  const client = api(given.server.url);
  const path = `${v3}/login/sso/redirect/oidc-work`;
  for (const redirectUrl of [
    'javascript:alert(1)',
    ' JaVaScript:alert(1)',
    'java\tscript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'about:blank',
    'relative',
    '',
    `https://chat.example.org/${'a'.repeat(3000)}`,
  ]) {
    const refused = await client.request('GET', path, { query: { redirectUrl } });
    assert.equal(outcome(refused), '400 M_INVALID_PARAM', redirectUrl);
  }
  const missing = await client.request('GET', `${v3}/login/sso/redirect`);
  assert.equal(outcome(missing), '400 M_MISSING_PARAM');
  const unknown = await client.request('GET', `${v3}/login/sso/redirect/oidc-nobody`, {
    query: { redirectUrl: trustedClient },
  });
  assert.equal(unknown.status, 404);
  assert.match(String(unknown.headers['content-type']), /^text\/html/);
});

testWithout('a server without providers has no single sign-on', async (given) => {
  const client = api(given.server.url);
  const query = { redirectUrl: trustedClient };
  for (const path of [
    `${v3}/login/sso/redirect`,
    `${v3}/login/sso/redirect/oidc-work`,
    `${v3}/login/cas/redirect`,
    '/_synapse/client/oidc/callback',
  ]) {
    assert.equal(outcome(await client.request('GET', path, { query })), '404 M_UNRECOGNIZED', path);
  }
  for (const type of ['m.login.sso', 'm.login.cas', 'org.matrix.login.jwt']) {
    const refused = await client.request('POST', `${v3}/login`, { body: { type, token: 'x' } });
    assert.equal(outcome(refused), '400 M_UNKNOWN');
  }
  const { body } = await client.request('GET', `${v3}/login`);
  assert.ok(!listAt(body, 'flows').some((flow) => valueAt(flow, 'type') === 'm.login.sso'));
});
