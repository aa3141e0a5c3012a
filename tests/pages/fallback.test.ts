import assert from 'node:assert/strict';

import { api, type Response } from '../harness/api.ts';
import { registerAdmin, testPassword } from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { assertUsable, becomesTrue, pageTests, type PageUnderTest } from './page-test.ts';

const test = pageTests();
const v3 = '/_matrix/client/v3';
const stages = [
  'm.login.registration_token',
  'm.login.recaptcha',
  'm.login.terms',
  'm.login.dummy',
];

function register({ server }: PageUnderTest, username: string, auth?: object): Promise<Response> {
  const body = { username, password: testPassword, ...(auth === undefined ? {} : { auth }) };
  return api(server.url).request('POST', `${v3}/register`, { body });
}

async function begin(given: PageUnderTest, username: string): Promise<string> {
  const { body } = await register(given, username);
  assert.deepEqual(valueAt(body, 'flows'), [{ stages }]);
  assert.equal(valueAt(body, 'params', 'm.login.recaptcha', 'public_key'), 'the-site-key');
  const policy = valueAt(body, 'params', 'm.login.terms', 'policies', 'privacy_policy');
  assert.equal(valueAt(policy, 'version'), '1.0');
  assert.equal(valueAt(policy, 'en', 'name'), 'Privacy policy');
  return textAt(body, 'session');
}

function pathOf(stage: string, session: string, release = 'v3'): string {
  return `/_matrix/client/${release}/auth/${stage}/fallback/web?session=${session}`;
}

test('a registration is done in the pages, and the client polls', async (given) => {
  const root = await registerAdmin(given.server, 'root');
  const token = { body: { token: 'please', uses_allowed: 1 } };
  await root.request('POST', '/_synapse/admin/v1/registration_tokens/new', token);
  const session = await begin(given, 'carol');

  const page = await given.open(pathOf('m.login.registration_token', session));
  await page.getByLabel('Token').fill('<b>wrong</b>');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('alert').filter({ hasText: 'not valid' }).waitFor();
  await assertUsable(page);
  await page.getByLabel('Token').fill('please');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Thank you').waitFor();

  const captcha = await given.open(pathOf('m.login.recaptcha', session, 'r0'));
  await captcha.locator('textarea').waitFor({ state: 'attached' });
  await assertUsable(captcha);
  await captcha.getByRole('button', { name: 'Continue' }).click();
  await captcha.getByText('Thank you').waitFor();

  const terms = await given.open(pathOf('m.login.terms', session), { language: 'de' });
  const link = terms.getByRole('link', { name: 'Datenschutzerklärung' });
  assert.equal(await link.getAttribute('href'), 'https://example.org/datenschutz');
  await assertUsable(terms);
  await terms.getByRole('button', { name: 'Ich akzeptiere' }).click();
  await terms.getByText('Vielen Dank').waitFor();
  await assertUsable(terms);

  const polled = await register(given, 'carol', { session });
  assert.deepEqual(valueAt(polled.body, 'completed'), stages.slice(0, 3));
  const dummy = await given.open(pathOf('m.login.dummy', session));
  await assertUsable(dummy);
  await dummy.getByRole('button', { name: 'Continue' }).click();
  await dummy.getByText('Thank you').waitFor();
  const made = await register(given, 'carol', { session });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  assert.equal(valueAt(made.body, 'user_id'), '@carol:soma.test');
});

test('the page tells the client that opened it, by a function or a message', async (given) => {
  const client = await given.open('/_matrix/static/client/login/');
  await client.evaluate(
    `window.addEventListener('message', ({ data }) => { window.told = data; })`,
  );
  const first = await begin(given, 'dave');
  const popupOpens = client.waitForEvent('popup');
  await client.evaluate(`void window.open(${JSON.stringify(pathOf('m.login.dummy', first))})`);
  const popup = await popupOpens;
  await popup.getByRole('button', { name: 'Continue' }).click();
  await becomesTrue(client, `window.told === 'authDone'`);

  const embedded = await given.open(pathOf('m.login.dummy', await begin(given, 'dave')));
  await embedded.addInitScript('window.onAuthDone = () => { window.told = true; }');
  await embedded.getByRole('button', { name: 'Continue' }).click();
  await becomesTrue(embedded, 'window.told === true');
});

test('a captcha that the service does not take is not taken', async (given) => {
  const session = await begin(given, 'erin');
  const page = await given.open(pathOf('m.login.recaptcha', session));
  await page.locator('textarea').waitFor({ state: 'attached' });
  await page.evaluate(`document.querySelector('textarea').value = 'forged'`);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('alert').filter({ hasText: 'not accepted' }).waitFor();
  const polled = await register(given, 'erin', { session });
  assert.deepEqual(valueAt(polled.body, 'completed'), []);
});

test('a page says what is wrong with a session or a stage', async (given) => {
  const session = await begin(given, 'frank');
  const gone = await given.open(pathOf('m.login.terms', 'unheard'));
  await gone.getByRole('heading', { name: 'Too late' }).waitFor();
  await assertUsable(gone);
  const unknown = await given.open(pathOf('m.login.unheard', session));
  await unknown.getByRole('heading', { name: 'Nothing to do here' }).waitFor();
  await assertUsable(unknown);
  const answer = await api(given.server.url).request('GET', pathOf('m.login.terms', session));
  assert.equal(answer.status, 200);
  assert.match(
    String(answer.headers['content-security-policy']),
    /default-src 'none'; script-src 'self';/,
  );
  assert.doesNotMatch(String(answer.body), /<style|<script(?! src)| on[a-z]+=/);
});
