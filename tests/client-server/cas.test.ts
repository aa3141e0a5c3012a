import assert from 'node:assert/strict';
import { after } from 'node:test';

import { api } from '../harness/api.ts';
import { casSuccess, startCasServer } from '../harness/cas-server.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { SmallBrowser } from '../harness/small-browser.ts';
import { v3 } from './requests.ts';
import { serverTests } from './server-test.ts';
import { logInFrom, redirectAddress, trusted, trustedClient } from './sso-test.ts';

const cas = await startCasServer();
after(() => cas.close());

const test = serverTests({
  cas_config: {
    enabled: true,
    idp_name: 'University',
    server_url: `${cas.url}/`,
    protocol_version: 3,
    displayname_attribute: 'name',
    required_attributes: { userGroup: 'staff', department: null },
    allow_numeric_ids: true,
  },
  sso: trusted,
});
const staff =
  '<cas:userGroup>guest</cas:userGroup><cas:userGroup>staff</cas:userGroup>' +
  '<cas:department/><cas:name>A &amp; B</cas:name>';
const ticketPath = '/_matrix/client/r0/login/cas/ticket';

test('CAS lets people in, by the old way and the new', async (given) => {
  const { url } = given.server;
  const { body } = await api(url).request('GET', `${v3}/login`);
  const flows = listAt(body, 'flows').map((flow) => valueAt(flow, 'type'));
  assert.deepEqual(flows.slice(0, 3), ['m.login.sso', 'm.login.token', 'm.login.cas']);
  cas.answer = casSuccess('Ann', staff);
  const visited = await new SmallBrowser().get(redirectAddress(url, trustedClient));
  const made = await logInFrom(url, visited);
  assert.equal(valueAt(made.body, 'user_id'), '@ann:soma.test');
  const profile = await api(url).request('GET', `${v3}/profile/@ann:soma.test`);
  assert.deepEqual(profile.body, { displayname: 'A & B' });
  assert.equal(cas.validated.at(-1)?.path, '/cas/p3/proxyValidate');
  assert.ok(cas.validated.at(-1)?.service.startsWith(url + ticketPath));
  const query = new URLSearchParams({ redirectUrl: trustedClient });
  const old = `${url}${v3}/login/cas/redirect?${query.toString()}`;
  const again = await logInFrom(url, await new SmallBrowser().get(old));
  assert.equal(valueAt(again.body, 'user_id'), '@ann:soma.test');
});

test('with CAS who has the name of an account has the account', async (given) => {
  const { url } = given.server;
  const bob = await given.user('bob');
  cas.answer = casSuccess('bob', staff);
  const visited = await new SmallBrowser().get(redirectAddress(url, trustedClient));
  const made = await logInFrom(url, visited);
  assert.equal(valueAt(made.body, 'user_id'), bob.userId);
});

test('a name of digits gets its prefix', async (given) => {
  const { url } = given.server;
  cas.answer = casSuccess('4711', staff);
  const visited = await new SmallBrowser().get(redirectAddress(url, trustedClient));
  const made = await logInFrom(url, visited);
  assert.equal(valueAt(made.body, 'user_id'), '@u4711:soma.test');
});

test('an attribute that is missing or wrong, and a broken answer, let nobody in', async (given) => {
  const { url } = given.server;
  for (const [answer, status] of [
    [casSuccess('eve', '<cas:userGroup>guest</cas:userGroup><cas:department/>'), 403],
    [casSuccess('eve', '<cas:userGroup>staff</cas:userGroup>'), 403],
    [casSuccess('', staff), 403],
    ['<html>error</html>', 403],
    ['', 403],
    // A name in a failure, or beside the answer, is nobody's.
    [
      '<serviceResponse><authenticationFailure><user>eve</user></authenticationFailure></serviceResponse>',
      403,
    ],
    ['<authenticationSuccess><user>eve</user></authenticationSuccess>', 403],
    [`${casSuccess('eve', staff)}${' '.repeat(1024 * 1024)}`, 502],
  ] as const) {
    cas.answer = answer;
    const visited = await new SmallBrowser().get(redirectAddress(url, trustedClient));
    assert.equal(visited.status, status, answer.slice(0, 200));
    assert.ok(!visited.url.includes('loginToken'));
  }
});

test('a ticket that this browser has not asked for is none', async (given) => {
  const { url } = given.server;
  cas.answer = casSuccess('ann', staff);
  for (const path of [
    `${ticketPath}?ticket=ST-1`,
    `${ticketPath}?ticket=ST-1&state=guessed`,
    `${ticketPath}?ticket=ST-1&redirectUrl=https://chat.example.org/`,
  ]) {
    assert.equal((await new SmallBrowser().get(url + path)).status, 400, path);
  }
  const browser = new SmallBrowser();
  const login = await browser.peek(redirectAddress(url, trustedClient));
  const back = new URL(await browser.peek(login));
  back.searchParams.set('ticket', 'ST-forged');
  assert.equal((await browser.get(back.href)).status, 403);
  back.searchParams.delete('ticket');
  assert.equal((await browser.get(back.href)).status, 403);
});
