import assert from 'node:assert/strict';

import { api } from '../harness/api.ts';
import { listAt, textAt } from '../harness/json-path.ts';
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
} from './sso-test.ts';

const provider = await openProvider();

const names = mapping({ localpart_template: '{{ user.sub }}' });
const test = serverTests({
  oidc_providers: [
    providerEntry(provider, { ...names, backchannel_logout_enabled: true }),
    providerEntry({ ...provider, issuer: 'http://127.0.0.1:9' }, { idp_id: 'down', ...names }),
  ],
  sso: trusted,
});

/** A browser with the callback that the provider has sent it to, and that it has not followed yet. */
async function callbackOf(
  server: string,
  sub: string,
): Promise<{ readonly browser: SmallBrowser; readonly callback: URL }> {
  provider.register(server);
  provider.user = { sub };
  const browser = new SmallBrowser();
  let next = redirectAddress(server, trustedClient, 'oidc-work');
  while (!next.includes('/oidc/callback?')) next = await browser.peek(next);
  return { browser, callback: new URL(next) };
}

test('only the browser that has begun a sign-in may end it, once', async (given) => {
  const { url } = given.server;
  const { browser, callback } = await callbackOf(url, 'ann');
  const stranger = await new SmallBrowser().get(callback.href);
  assert.equal(stranger.status, 400);
  assert.match(stranger.body, /has expired, or your browser does not allow cookies/);
  const other = await callbackOf(url, 'mallory');
  const crossed = await other.browser.get(callback.href);
  assert.equal(crossed.status, 400);
  const forged = new URL(callback);
  forged.searchParams.set('state', 'guessed');
  assert.equal((await browser.get(forged.href)).status, 400);
  const kept = new Map(browser.cookies);
  const visited = await browser.get(callback.href);
  assert.equal((await logInFrom(url, visited)).status, 200);
  assert.equal((await browser.get(callback.href)).status, 400);
  // With the cookie back, it is the provider that gives nothing for a code twice.
  for (const [name, value] of kept) browser.cookies.set(name, value);
  assert.equal((await browser.get(callback.href)).status, 502);
});

test('a cookie that was changed, or is none of ours, begins nothing', async (given) => {
  const { browser, callback } = await callbackOf(given.server.url, 'ben');
  const cookie = browser.cookies.get('soma_sso') ?? '';
  for (const changed of [
    '',
    'AAAA',
    cookie.slice(0, -4),
    `${cookie}AAAA`,
    '%00',
    'ü'.normalize(),
  ]) {
    browser.cookies.set('soma_sso', encodeURIComponent(changed));
    assert.equal((await browser.get(callback.href)).status, 400, changed);
  }
});

test('the callback takes a form as well, and a cookie is for the browser alone', async (given) => {
  const { url } = given.server;
  const { browser, callback } = await callbackOf(url, 'cat');
  const start = await api(url).request('GET', `${v3}/login/sso/redirect/oidc-work`, {
    query: { redirectUrl: trustedClient },
  });
  assert.equal(start.status, 302);
  const [cookie = ''] = start.headers['set-cookie'] ?? [];
  assert.match(cookie, /^soma_sso=[\w-]+; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/);
  const form = Object.fromEntries(callback.searchParams);
  const visited = await browser.post(callback.origin + callback.pathname, form);
  assert.equal((await logInFrom(url, visited)).status, 200);
});

test('a provider that is not there is told of on a page', async (given) => {
  const { url } = given.server;
  const visited = await new SmallBrowser().get(redirectAddress(url, trustedClient, 'oidc-down'));
  assert.equal(visited.status, 502);
  assert.match(visited.body, /cannot be reached/);
});

test('an address that only begins like a trusted one is not trusted', async (given) => {
  const { url } = given.server;
  for (const redirectUrl of [
    'https://chat.example.org.evil.example/',
    'https://chat.example.org@evil.example/',
    'http://chat.example.org/',
    'https:\\\\evil.example\\https://chat.example.org/',
  ]) {
    const page = await signInAs(provider, url, { sub: 'dan' }, { redirectUrl });
    assert.equal(page.status, 200, redirectUrl);
    assert.match(page.body, /wants to use this account/);
  }
});

test('the provider ends the sessions that came from it', async (given) => {
  const { url } = given.server;
  const browser = new SmallBrowser();
  const user = { sub: 'eve' };
  const visited = await signInAs(provider, url, user, { browser });
  const made = await logInFrom(url, visited);
  const granted = loginTokenIn(await signInAs(provider, url, user, { browser }));
  const elsewhere = await signInAs(provider, url, user);
  const kept = await logInFrom(url, elsewhere);
  await provider.logOut(browser);
  const whoami = (body: unknown) =>
    api(url).request('GET', `${v3}/account/whoami`, { token: textAt(body, 'access_token') });
  assert.equal(outcome(await whoami(made.body)), '401 M_UNKNOWN_TOKEN');
  assert.equal(outcome(await logInWith(url, granted)), '403 M_FORBIDDEN');
  const still = await whoami(kept.body);
  assert.equal(still.status, 200);
  const devices = await api(url).request('GET', `${v3}/devices`, {
    token: textAt(kept.body, 'access_token'),
  });
  assert.equal(listAt(devices.body, 'devices').length, 1);
});

test('nobody else ends sessions', async (given) => {
  const path = '/_synapse/client/oidc/backchannel_logout';
  const post = async (body: string) =>
    outcome(await api(given.server.url).request('POST', path, { body }));
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: provider.issuer,
    aud: 'soma',
    sid: 'x',
    iat: Math.floor(Date.now() / 1000),
  };
  const unsigned = `${encode({ alg: 'none' })}.${encode(claims)}.`;
  assert.equal(await post(''), '400 M_MISSING_PARAM');
  for (const token of [
    'x',
    unsigned,
    `${encode({ alg: 'RS256' })}.${encode(claims)}.AAAA`,
    `${encode({ alg: 'RS256' })}.${encode({ ...claims, iss: 'https://evil.example' })}.AAAA`,
    `${encode({ alg: 'RS256' })}.${encode([])}.AAAA`,
  ]) {
    assert.equal(await post(`logout_token=${token}`), '400 M_UNKNOWN', token);
  }
});
