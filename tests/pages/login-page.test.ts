import assert from 'node:assert/strict';

import { api } from '../harness/api.ts';
import { registerAdmin, testPassword } from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { assertUsable, pageTests } from './page-test.ts';

const test = pageTests();
const path = '/_matrix/static/client/login/';

/** What a client does that shows the page. */
const takeAnswer = 'window.matrixLogin.onLogin = (answer) => { window.answer = answer; }';

test('the login page logs in, and hands the answer to the client', async (given) => {
  const alice = await registerAdmin(given.server, 'alice');
  const page = await given.open(`${path}?device_id=TV&initial_device_display_name=A%20television`);
  await page.getByLabel('User name').fill('alice');
  await page.evaluate(takeAnswer);
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('The user name or the password is wrong.').waitFor();
  await assertUsable(page);
  await page.getByLabel('Password').fill(testPassword);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByText('You are logged in.').waitFor();
  const answer: unknown = await page.evaluate('window.answer');
  assert.equal(valueAt(answer, 'user_id'), alice.userId);
  assert.equal(valueAt(answer, 'device_id'), 'TV');
  const token = textAt(answer, 'access_token');
  const device = await api(given.server.url).request('GET', '/_matrix/client/v3/devices/TV', {
    token,
  });
  assert.equal(valueAt(device.body, 'display_name'), 'A television');
  await assertUsable(page);
});

test('the login page takes a login token', async (given) => {
  const bob = await registerAdmin(given.server, 'bob');
  const issue = await bob.request('POST', '/_matrix/client/v1/login/get_token', { body: {} });
  const loginToken = textAt(issue.body, 'login_token');
  const page = await given.open(`${path}?loginToken=${loginToken}`);
  await page.getByText('You are logged in.').waitFor();
  const again = await given.open(`${path}?loginToken=${loginToken}`);
  await again.getByRole('alert').filter({ hasText: 'wrong' }).waitFor();
  await again.getByLabel('Password').waitFor();
});

test('the login page speaks the language of its reader, in light and dark', async (given) => {
  for (const [language, name, colorScheme] of [
    ['de-AT', 'Anmelden', 'dark'],
    ['fr', 'Se connecter', 'light'],
    ['es-MX', 'Iniciar sesión', 'dark'],
    ['tlh', 'Log in', 'light'],
  ] as const) {
    const page = await given.open(path.slice(0, -1), { language, colorScheme, width: 320 });
    await page.getByRole('button', { name }).waitFor();
    assert.equal(await page.getByRole('heading', { name }).count(), 1);
    await assertUsable(page);
  }
});
