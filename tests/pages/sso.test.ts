import assert from 'node:assert/strict';

import {
  logInWith,
  logInFrom,
  loginTokenIn,
  mapping,
  openProvider,
  providerEntry,
  redirectAddress,
  signInAs,
} from '../client-server/sso-test.ts';
import { api } from '../harness/api.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { assertUsable, becomesTrue, pageTests } from './page-test.ts';

const provider = await openProvider();

const names = { display_name_template: '{{ user.name }}', email_template: '{{ user.email }}' };
const test = pageTests({
  oidc_providers: [
    providerEntry(provider, mapping(names)),
    providerEntry(provider, { idp_id: 'other', idp_name: 'Somebody else <i>entirely</i>' }),
  ],
});
const testQuick = pageTests({
  oidc_providers: [providerEntry(provider, mapping({ localpart_template: '{{ user.sub }}' }))],
  user_consent: {},
});
const loginPage = '/_matrix/static/client/login/?device_id=TV';

test('a new user comes from the login page, and goes back to it', async (given) => {
  provider.register(given.server.url);
  provider.user = { sub: 'ida', name: `Ida "<b>" ${'long '.repeat(20)}`, email: 'ida@example.org' };
  const page = await given.open(loginPage, { width: 320, colorScheme: 'dark' });
  await page.getByRole('link', { name: 'Continue with Somebody else <i>entirely</i>' }).waitFor();
  await assertUsable(page);
  await page.getByRole('link', { name: 'Continue with Work' }).click();
  await page.getByRole('heading', { name: 'Create your account' }).waitFor();
  await assertUsable(page);
  await page.getByLabel('User name').fill('no name');
  await page.getByLabel('Use my mail address ida@example.org').uncheck();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('alert').filter({ hasText: 'can hold the letters' }).waitFor();
  await assertUsable(page);
  await page.getByLabel('User name').fill('ida');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'I accept' }).click();
  await page.getByText('You are logged in.').waitFor();
  assert.match(page.url(), /device_id=TV&loginToken=/);
  const profile = await api(given.server.url).request(
    'GET',
    '/_matrix/client/v3/profile/@ida:soma.test',
  );
  assert.match(textAt(profile.body, 'displayname'), /^Ida "<b>" long/);
});

test('a browser that is asked to choose can', async (given) => {
  provider.register(given.server.url);
  provider.user = undefined;
  const address = redirectAddress('', 'https://chat.example.org/');
  const page = await given.open(address, { language: 'de', width: 320 });
  await page.getByRole('heading', { name: 'Anmelden' }).waitFor();
  await assertUsable(page);
  await page.getByRole('link', { name: 'Weiter mit Work' }).click();
  await page.getByText('Der Anmeldedienst hat Sie nicht angemeldet.').waitFor();
  await assertUsable(page);
});

for (const [client, shown] of [
  ['https://other.example.org/?x=1', 'other.example.org'],
  ['http://127.0.0.1:9/back', 'http://127.0.0.1:9/back'],
] as const) {
  testQuick(`the button leads on to ${client}`, async (given) => {
    provider.register(given.server.url);
    provider.user = { sub: 'jon' };
    const page = await given.open(redirectAddress('', client));
    await page.getByText(`${shown} wants to use this account`).waitFor();
    await assertUsable(page);
    const request = page.waitForRequest((each) => each.url().startsWith(client));
    await page.getByRole('button', { name: 'Continue' }).click();
    const token = loginTokenIn({ url: (await request).url(), body: '' });
    assert.equal((await logInWith(given.server.url, token)).status, 200);
  });
}

testQuick('a user confirms in the window that the client has opened', async (given) => {
  const { url } = given.server;
  const visited = await signInAs(
    provider,
    url,
    { sub: 'kim' },
    { redirectUrl: `${url}/_matrix/static/client/login/` },
  );
  const made = await logInFrom(url, visited);
  const token = textAt(made.body, 'access_token');
  const path = `/_matrix/client/v3/devices/${textAt(made.body, 'device_id')}`;
  const challenge = await api(url).request('DELETE', path, { token, body: {} });
  const session = textAt(challenge.body, 'session');
  const page = await given.open(
    `/_matrix/client/v3/auth/m.login.sso/fallback/web?session=${session}`,
    { colorScheme: 'dark' },
  );
  await page.getByText('@kim:soma.test').waitFor();
  await assertUsable(page);
  await page.addInitScript('window.onAuthDone = () => { document.title = "told"; }');
  await page.getByRole('button', { name: 'Continue with Work' }).click();
  await page.getByText('You can close this window').waitFor();
  await becomesTrue(page, `document.title === 'told'`);
  await assertUsable(page);
  const body = { auth: { session } };
  const deleted = await api(url).request('DELETE', path, { token, body });
  assert.equal(deleted.status, 200);
  assert.equal(valueAt(deleted.body, 'errcode'), undefined);
});
