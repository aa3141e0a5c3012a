import assert from 'node:assert/strict';

import { api } from '../harness/api.ts';
import { valueAt } from '../harness/json-path.ts';
import { SmallBrowser } from '../harness/small-browser.ts';
import { outcome, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';
import { logInFrom, mapping, openProvider, providerEntry, signInAs, trusted } from './sso-test.ts';

const provider = await openProvider();

const names = { display_name_template: '{{ user.name }}', email_template: '{{ user.email }}' };
const config = {
  oidc_providers: [
    providerEntry(provider, mapping(names)),
    providerEntry(provider, {
      idp_id: 'named',
      ...mapping({ ...names, localpart_template: "{{ user.email.split('@')[0] }}" }),
    }),
    providerEntry(provider, {
      idp_id: 'asking',
      ...mapping({ localpart_template: '{{ user.sub }}', confirm_localpart: true }),
    }),
  ],
  sso: { client_whitelist: [...trusted.client_whitelist, 'org.example.chat:'] },
};
const test = serverTests(config);
const policy = {
  version: '1.0',
  translations: { en: { name: 'Privacy policy', url: 'https://example.org/privacy' } },
};
const testTerms = serverTests({
  ...config,
  user_consent: { require_at_registration: true, policies: { privacy: policy } },
});
const details = '/_synapse/client/pick_username/account_details';
const check = '/_synapse/client/pick_username/check';

test('a new user chooses a name, and what the provider says of the rest', async (given) => {
  const { url } = given.server;
  await given.user('taken');
  const browser = new SmallBrowser();
  const user = { sub: 'id-1', name: '<i>Ida</i> & Co', email: 'ida@example.org' };
  const page = await signInAs(provider, url, user, { browser });
  assert.equal(new URL(page.url).pathname, details);
  assert.match(page.body, /Show me as “&lt;i&gt;Ida&lt;\/i&gt; &amp; Co”/);
  assert.doesNotMatch(page.body, /<i>/);
  for (const [username, problem] of [
    ['taken', /This user name is taken/],
    ['ida ida', /can hold the letters/],
    ['_ida', /can hold the letters/],
    ['123', /can hold the letters/],
    ['"><script>', /value="&quot;&gt;&lt;script&gt;"/],
    ['', /can hold the letters/],
  ] as const) {
    const again = await browser.post(url + details, { username });
    assert.equal(again.status, 400, username);
    assert.match(again.body, problem);
  }
  const form = { username: 'Ida', use_email: 'true' };
  const visited = await browser.post(url + details, form);
  const made = await logInFrom(url, visited);
  assert.equal(valueAt(made.body, 'user_id'), '@ida:soma.test');
  // Its own name, as nothing else was wanted.
  const profile = await api(url).request('GET', `${v3}/profile/@ida:soma.test`);
  assert.deepEqual(profile.body, { displayname: 'ida' });
  const token = String(valueAt(made.body, 'access_token'));
  const addresses = await api(url).request('GET', `${v3}/account/3pid`, { token });
  assert.equal(valueAt(addresses.body, 'threepids', '0', 'address'), 'ida@example.org');
  const again = await browser.post(url + details, form);
  assert.equal(again.status, 400);
  assert.match(again.body, /has expired/);
  const known = await signInAs(provider, url, user);
  assert.equal((await logInFrom(url, known)).status, 200);
});

test('nobody else goes on with the account of a new user', async (given) => {
  const { url } = given.server;
  const browser = new SmallBrowser();
  await signInAs(provider, url, { sub: 'id-2' }, { browser });
  const stranger = new SmallBrowser();
  for (const visited of [
    await stranger.get(url + details),
    await stranger.post(url + details, { username: 'mallory' }),
  ]) {
    assert.equal(visited.status, 400);
    assert.match(visited.body, /has expired/);
  }
  stranger.cookies.set('soma_sso', 'guessed');
  assert.equal((await stranger.post(url + details, { username: 'mallory' })).status, 400);
});

test('a script learns whether the name is free, but only for a new user', async (given) => {
  const { url } = given.server;
  await given.user('taken');
  const browser = new SmallBrowser();
  await signInAs(provider, url, { sub: 'id-3' }, { browser });
  const cookie = `soma_sso=${browser.cookies.get('soma_sso') ?? ''}`;
  const ask = (username: string, headers: Readonly<Record<string, string>> = { cookie }) =>
    api(url).request('GET', check, { query: { username }, headers });
  assert.deepEqual((await ask('free')).body, { available: true });
  assert.deepEqual((await ask('taken')).body, { available: false });
  assert.equal(outcome(await ask('no name')), '400 M_INVALID_USERNAME');
  assert.equal(outcome(await ask('free', {})), '400 M_UNKNOWN');
});

test('who has a name that is taken may choose another', async (given) => {
  const { url } = given.server;
  await given.user('nora');
  const browser = new SmallBrowser();
  const user = { sub: 'id-4', email: 'nora@example.org', email_verified: false };
  const page = await signInAs(provider, url, user, { idpId: 'oidc-named', browser });
  assert.equal(new URL(page.url).pathname, details);
  assert.match(page.body, /value="nora1"/);
  // The provider does not vouch for the address.
  assert.doesNotMatch(page.body, /nora@example\.org/);
  const visited = await browser.post(url + details, { username: 'nora.2' });
  const made = await logInFrom(url, visited);
  assert.equal(valueAt(made.body, 'user_id'), '@nora.2:soma.test');
});

test('a provider may have its names confirmed', async (given) => {
  const { url } = given.server;
  const browser = new SmallBrowser();
  const options = { redirectUrl: 'org.example.chat:/back', idpId: 'oidc-asking', browser };
  const page = await signInAs(provider, url, { sub: 'Ütz' }, options);
  assert.match(page.body, /value="=c3=bctz"/);
  // The form leads on to the app, which a browser must be told.
  assert.match(
    page.headers.get('content-security-policy') ?? '',
    /form-action [^;]* org\.example\.chat:/,
  );
  const visited = await browser.post(url + details, { username: 'uetz' });
  const made = await logInFrom(url, visited);
  assert.equal(valueAt(made.body, 'user_id'), '@uetz:soma.test');
});

test('two browsers of one new user make one account', async (given) => {
  const { url } = given.server;
  const user = { sub: 'id-5' };
  const browsers = [new SmallBrowser(), new SmallBrowser()];
  for (const browser of browsers) await signInAs(provider, url, user, { browser });
  const [first, second] = await Promise.all(
    browsers.map((browser, index) => browser.post(url + details, { username: `twin-${index}` })),
  );
  const users = [];
  for (const visited of [first, second]) {
    assert.ok(visited !== undefined);
    const made = await logInFrom(url, visited);
    users.push(valueAt(made.body, 'user_id'));
  }
  assert.equal(users[0], users[1]);
});

testTerms('a new user accepts the documents, where that is required', async (given) => {
  const { url } = given.server;
  const browser = new SmallBrowser();
  const user = { sub: 'id-6', email: 'tess@example.org' };
  const terms = await signInAs(provider, url, user, { idpId: 'oidc-named', browser });
  assert.equal(new URL(terms.url).pathname, '/_synapse/client/new_user_consent');
  assert.match(terms.body, /Privacy policy/);
  assert.equal((await new SmallBrowser().post(terms.url, {})).status, 400);
  const visited = await browser.post(terms.url, {});
  const made = await logInFrom(url, visited);
  assert.equal(valueAt(made.body, 'user_id'), '@tess:soma.test');
});
