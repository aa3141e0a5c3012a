import assert from 'node:assert/strict';
import { after } from 'node:test';

import { api } from '../harness/api.ts';
import { testPassword, type TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { startMailServer } from '../harness/mail-server.ts';
import {
  SECRET,
  addAddress,
  askForMail,
  follow,
  linkIn,
  newAddress,
  proveByMail,
  withPassword,
} from './addresses.ts';
import { ok, outcome, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const mailServer = await startMailServer();
after(() => mailServer.close());

const unlimited = { per_second: 100_000, burst_count: 100_000 };
const email = {
  smtp_host: '127.0.0.1',
  smtp_port: mailServer.port,
  notif_from: '%(app)s <noreply@example.org>',
  app_name: 'Soma',
};
const test = serverTests({ email, rc_3pid_validation: unlimited });
const quiet = serverTests({
  email: { ...email, validation_token_lifetime: '1ms' },
  rc_3pid_validation: unlimited,
  request_token_inhibit_3pid_errors: true,
  allowed_local_3pids: [{ medium: 'email', pattern: '.*@example\\.org$' }],
  next_link_domain_whitelist: ['app.example.org'],
});
const closed = serverTests({ enable_3pid_changes: false });
const limited = serverTests({ email, registrations_require_3pid: ['email'] });

async function addressesOf(user: TestUser): Promise<string[]> {
  const body = await ok(user, 'GET', `${v3}/account/3pid`);
  return listAt(body, 'threepids').map((one) => textAt(one, 'address'));
}

async function logInWith(
  server: { readonly url: string },
  address: string,
  password = testPassword,
): Promise<string> {
  const identifier = { type: 'm.id.thirdparty', medium: 'email', address };
  const body = { type: 'm.login.password', identifier, password };
  return outcome(await api(server.url).request('POST', `${v3}/login`, { body }));
}

test('an address that was proven is added, logs in, and can be taken away', async (given) => {
  const alice = await given.newUser();
  const address = newAddress();
  assert.equal(await logInWith(given.server, address), '403 M_FORBIDDEN');
  // The mail goes to the canonical form.
  const asked = await askForMail(given.server, '/account/3pid', { email: address.toUpperCase() });
  assert.equal((await follow(mailServer, address)).status, 200);
  const proof = { sid: textAt(asked.body, 'sid'), client_secret: SECRET };
  assert.equal(await withPassword(alice, `${v3}/account/3pid/add`, proof), '200');
  const [mail] = await mailServer.until(address, 1);
  assert.equal(mail?.headers.get('subject'), '[soma.test] Validate your email');
  assert.equal(mail?.headers.get('from'), 'Soma <noreply@example.org>');
  assert.match(mail?.html ?? '', /<a href="http:[^"]*submit_token\?token=/);
  const [threePid] = listAt(await ok(alice, 'GET', `${v3}/account/3pid`), 'threepids');
  assert.equal(valueAt(threePid, 'address'), address);
  assert.equal(valueAt(threePid, 'medium'), 'email');
  assert.equal(await logInWith(given.server, address.toUpperCase()), '200');
  assert.equal(await logInWith(given.server, address, 'wrong'), '403 M_FORBIDDEN');
  const body = { medium: 'email', address };
  const gone = await ok(alice, 'POST', `${v3}/account/3pid/delete`, { body });
  assert.deepEqual(gone, { id_server_unbind_result: 'no-support' });
  assert.deepEqual(await addressesOf(alice), []);
  assert.equal(await logInWith(given.server, address), '403 M_FORBIDDEN');
});

test('a proof is good once, for what it was asked for, and not before the link', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const address = newAddress();
  const add = (user: TestUser, sid: string): Promise<string> =>
    withPassword(user, `${v3}/account/3pid/add`, { sid, client_secret: SECRET });
  const asked = await askForMail(given.server, '/account/3pid', { email: address });
  const sid = textAt(asked.body, 'sid');
  assert.equal(await add(alice, sid), '400 M_THREEPID_AUTH_FAILED');
  await follow(mailServer, address);
  assert.equal((await follow(mailServer, address)).status, 200);
  const creds = { sid, client_secret: 'another' };
  const old = { body: { three_pid_creds: creds } };
  assert.equal(
    await refusal(alice, 'POST', `${v3}/account/3pid`, old),
    '403 M_THREEPID_AUTH_FAILED',
  );
  await ok(alice, 'POST', `${v3}/account/3pid`, {
    body: { threePidCreds: { sid, client_secret: SECRET } },
  });
  assert.equal(await add(bob, sid), '400 M_THREEPID_AUTH_FAILED');
  const other = newAddress();
  const registering = await proveByMail(given.server, mailServer, '/register', other);
  assert.equal(await add(bob, registering.sid), '400 M_THREEPID_AUTH_FAILED');
  assert.equal(
    outcome(await askForMail(given.server, '/account/3pid', { email: address })),
    '400 M_THREEPID_IN_USE',
  );
  assert.equal(
    outcome(await askForMail(given.server, '/register', { email: address })),
    '400 M_THREEPID_IN_USE',
  );
});

test('two who prove one address do not both get it', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const address = newAddress();
  const first = await proveByMail(given.server, mailServer, '/account/3pid', address);
  const second = await askForMail(given.server, '/account/3pid', {
    email: address,
    client_secret: 'second',
  });
  await follow(mailServer, address, 2);
  const add = (user: TestUser, sid: string, secret: string): Promise<string> =>
    withPassword(user, `${v3}/account/3pid/add`, { sid, client_secret: secret });
  assert.equal(await add(alice, first.sid, SECRET), '200');
  assert.equal(await add(bob, textAt(second.body, 'sid'), 'second'), '400 M_THREEPID_IN_USE');
});

test('a mail is sent once for each attempt, and any of its links works', async (given) => {
  const address = newAddress();
  const attempt = async (sendAttempt: number, secret = SECRET): Promise<string> =>
    textAt(
      (
        await askForMail(given.server, '/account/3pid', {
          email: address,
          send_attempt: sendAttempt,
          client_secret: secret,
        })
      ).body,
      'sid',
    );
  const first = await attempt(1);
  assert.equal(await attempt(1), first);
  assert.equal(await attempt(2), first);
  assert.notEqual(await attempt(1, 'other'), first);
  const mails = await mailServer.until(address, 3);
  assert.equal(mails.length, 3);
  assert.ok(mails[0] !== undefined);
  const link = linkIn(mails[0]);
  const at = api(given.server.url);
  assert.equal((await at.request('GET', link.pathname + link.search)).status, 200);
  link.searchParams.set('token', 'wrong');
  const wrong = await at.request('GET', link.pathname + link.search);
  assert.equal(wrong.status, 400);
  assert.match(String(wrong.body), /no longer valid/);
  link.searchParams.delete('token');
  assert.equal(
    outcome(await at.request('GET', link.pathname + link.search)),
    '400 M_MISSING_PARAM',
  );
});

test('a link leads on where the client wants, on the web', async (given) => {
  const address = newAddress();
  const wanted = 'https://app.example.org/#/after?x=1';
  const asked = await askForMail(given.server, '/account/3pid', {
    email: address,
    next_link: wanted,
  });
  const followed = await follow(mailServer, address);
  assert.equal(followed.status, 302);
  assert.equal(followed.location, `${wanted}&sid=${textAt(asked.body, 'sid')}`);
  for (const nextLink of ['file:///etc/passwd', 'javascript:alert(1)', 'nonsense']) {
    assert.equal(
      outcome(
        await askForMail(given.server, '/account/3pid', { email: address, next_link: nextLink }),
      ),
      '400 M_INVALID_PARAM',
    );
  }
});

test('who forgot the password gets a new one by mail', async (given) => {
  const alice = await given.newUser();
  const address = newAddress();
  await addAddress(given.server, mailServer, alice, address);
  const at = api(given.server.url);
  const path = `${v3}/account/password`;
  const body = { new_password: 'another good password' };
  const challenge = await at.request('POST', path, { body });
  assert.equal(challenge.status, 401);
  assert.deepEqual(valueAt(challenge.body, 'flows'), [{ stages: ['m.login.email.identity'] }]);
  const asked = await askForMail(given.server, '/account/password', { email: address });
  const credentials = { sid: textAt(asked.body, 'sid'), client_secret: SECRET };
  const auth = {
    type: 'm.login.email.identity',
    session: textAt(challenge.body, 'session'),
    threepid_creds: credentials,
  };
  const change = async (): Promise<string> =>
    outcome(await at.request('POST', path, { body: { ...body, auth } }));
  assert.equal(await change(), '401 M_UNAUTHORIZED');
  const mail = (await mailServer.until(address, 2)).at(-1);
  assert.ok(mail !== undefined);
  const link = linkIn(mail);
  const page = await at.request('GET', link.pathname + link.search);
  assert.match(String(page.body), /<form method="post">/);
  // To look at the page proves nothing.
  assert.equal(await change(), '401 M_UNAUTHORIZED');
  await follow(mailServer, address, 2);
  assert.equal(await change(), '200');
  assert.equal(await logInWith(given.server, address), '403 M_FORBIDDEN');
  assert.equal(await logInWith(given.server, address, 'another good password'), '200');
  assert.equal((await alice.request('GET', `${v3}/account/whoami`)).status, 401);
  assert.equal(await change(), '400 M_UNKNOWN');
  assert.equal(
    outcome(await askForMail(given.server, '/account/password', { email: newAddress() })),
    '400 M_THREEPID_NOT_FOUND',
  );
});

test('who registers with an address has it', async (given) => {
  const at = api(given.server.url);
  const address = newAddress();
  const proof = await proveByMail(given.server, mailServer, '/register', address);
  const body = { username: address.split('@')[0], password: testPassword };
  const challenge = await at.request('POST', `${v3}/register`, { body });
  assert.deepEqual(valueAt(challenge.body, 'flows'), [
    { stages: ['m.login.dummy'] },
    { stages: ['m.login.email.identity'] },
  ]);
  const auth = {
    type: 'm.login.email.identity',
    session: textAt(challenge.body, 'session'),
    threepidCreds: proof,
  };
  const made = await at.request('POST', `${v3}/register`, { body: { ...body, auth } });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  assert.equal(await logInWith(given.server, address), '200');
});

test('an account that ends gives its addresses free', async (given) => {
  const alice = await given.newUser();
  const address = newAddress();
  await addAddress(given.server, mailServer, alice, address);
  const challenge = await withPassword(alice, `${v3}/account/deactivate`, {});
  assert.equal(challenge, '200');
  assert.equal(await logInWith(given.server, address), '403 M_FORBIDDEN');
  assert.equal(outcome(await askForMail(given.server, '/register', { email: address })), '200');
});

test('wrong questions for a proof are refused', async (given) => {
  const refused = async (body: object): Promise<string> =>
    outcome(await askForMail(given.server, '/account/3pid', { email: newAddress(), ...body }));
  assert.equal(await refused({ email: 'nonsense' }), '400 M_INVALID_PARAM');
  assert.equal(await refused({ email: 'a@b.c\r\nBcc: x@y.z' }), '400 M_INVALID_PARAM');
  assert.equal(await refused({ client_secret: 'ä' }), '400 M_INVALID_PARAM');
  assert.equal(await refused({ send_attempt: 'one' }), '400 M_BAD_JSON');
  const phone = {
    client_secret: SECRET,
    country: 'GB',
    phone_number: '07700900001',
    send_attempt: 1,
  };
  const at = api(given.server.url);
  const asked = async (path: string): Promise<string> =>
    outcome(await at.request('POST', `${v3}${path}/msisdn/requestToken`, { body: phone }));
  assert.equal(await asked('/account/3pid'), '400 M_THREEPID_MEDIUM_NOT_SUPPORTED');
  assert.equal(await asked('/register'), '400 M_UNKNOWN');
  assert.equal(await asked('/account/password'), '400 M_UNKNOWN');
  mailServer.refuses = true;
  assert.equal(await refused({}), '500 M_UNKNOWN');
  mailServer.refuses = false;
});

quiet('who asks is not told whose an address is', async (given) => {
  const alice = await given.newUser();
  assert.equal(
    outcome(await askForMail(given.server, '/account/password', { email: 'nobody@example.org' })),
    '200',
  );
  const denied = await askForMail(given.server, '/account/3pid', { email: 'a@elsewhere.org' });
  assert.equal(outcome(denied), '403 M_THREEPID_DENIED');
  const link = { email: newAddress(), next_link: 'https://evil.example.org/' };
  assert.equal(outcome(await askForMail(given.server, '/register', link)), '400 M_INVALID_PARAM');
  // The link is over before it can be followed.
  const address = newAddress();
  await askForMail(given.server, '/account/3pid', { email: address });
  assert.equal((await follow(mailServer, address)).status, 400);
  assert.deepEqual(await addressesOf(alice), []);
});

closed('an operator may keep addresses as they are, and a server without mail', async (given) => {
  const alice = await given.newUser();
  const body = { sid: 'x', client_secret: 'y' };
  const path = `${v3}/account/3pid`;
  assert.equal(await refusal(alice, 'POST', `${path}/add`, { body }), '403 M_FORBIDDEN');
  const old = { body: { three_pid_creds: body } };
  assert.equal(await refusal(alice, 'POST', path, old), '403 M_FORBIDDEN');
  const address = { body: { medium: 'email', address: 'a@example.org' } };
  assert.equal(await refusal(alice, 'POST', `${path}/delete`, address), '403 M_FORBIDDEN');
  assert.equal(
    outcome(await askForMail(given.server, '/account/3pid', { email: 'a@b.c' })),
    '403 M_FORBIDDEN',
  );
  assert.equal(
    outcome(await askForMail(given.server, '/register', { email: 'a@b.c' })),
    '400 M_UNKNOWN',
  );
  const capabilities = await ok(alice, 'GET', `${v3}/capabilities`);
  assert.equal(valueAt(capabilities, 'capabilities', 'm.3pid_changes', 'enabled'), false);
  const anonymous = api(given.server.url);
  const change = { body: { new_password: 'another good password' } };
  const changed = await anonymous.request('POST', `${v3}/account/password`, change);
  assert.equal(outcome(changed), '401 M_MISSING_TOKEN');
});

limited('mails to one address, and from one, are counted', async (given) => {
  const answers: string[] = [];
  for (let attempt = 1; attempt <= 6; attempt += 1) {
    answers.push(outcome(await askForMail(given.server, '/account/3pid', { email: newAddress() })));
  }
  assert.deepEqual(answers, ['200', '200', '200', '200', '200', '429 M_LIMIT_EXCEEDED']);
});

limited('a registration may need an address', async (given) => {
  const at = api(given.server.url);
  const body = { username: 'needs-mail', password: testPassword };
  const challenge = await at.request('POST', `${v3}/register`, { body });
  assert.deepEqual(valueAt(challenge.body, 'flows'), [{ stages: ['m.login.email.identity'] }]);
});
