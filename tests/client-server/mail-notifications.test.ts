import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { api } from '../harness/api.ts';
import { createRoom, inviteUser, joinRoom, sendText, type TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { startMailServer } from '../harness/mail-server.ts';
import { addAddress, newAddress, proveByMail } from './addresses.ts';
import { act, ok, outcome, refusal, roomPath, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const mailServer = await startMailServer();
after(() => mailServer.close());

const unlimited = { per_second: 100_000, burst_count: 100_000 };
const email = {
  smtp_host: '127.0.0.1',
  smtp_port: mailServer.port,
  notif_from: 'Soma <noreply@example.org>',
  app_name: 'Soma',
  enable_notifs: true,
  notif_delay_before_mail: '200ms',
};
const test = serverTests({ email, rc_3pid_validation: unlimited });

const mailPusher = (address: string) => ({
  kind: 'email',
  app_id: 'm.email',
  pushkey: address,
  app_display_name: 'Mail',
  device_display_name: address,
  lang: 'en',
  data: {},
});

/** A user whose unread messages are told by mail. */
async function mailedUser(given: {
  readonly server: { readonly url: string };
  newUser(): Promise<TestUser>;
}): Promise<{ user: TestUser; address: string }> {
  const user = await given.newUser();
  const address = newAddress();
  await addAddress(given.server, mailServer, user, address);
  await ok(user, 'POST', `${v3}/pushers/set`, { body: mailPusher(address) });
  return { user, address };
}

/** How many mails an address got about its proof. */
const PROOFS = 1;

test('what stays unread is mailed, escaped, with a way to end it', async (given) => {
  const alice = await given.newUser();
  const { user: bob, address } = await mailedUser(given);
  const roomId = await createRoom(alice, { preset: 'public_chat', name: 'Lab <b>' });
  await joinRoom(bob, roomId);
  await sendText(alice, roomId, 'first <script>alert(1)</script>');
  await sendText(alice, roomId, 'second');
  const mail = (await mailServer.until(address, PROOFS + 1)).at(-1);
  assert.equal(
    mail?.headers.get('subject'),
    '[Soma] You have messages on Soma in the Lab <b> room...',
  );
  const name = alice.userId.slice(1).split(':')[0];
  assert.match(mail?.text ?? '', new RegExp(`${name}: first <script>alert\\(1\\)</script>`));
  assert.match(mail?.html ?? '', /first &lt;script&gt;/);
  assert.match(mail?.html ?? '', /Lab &lt;b&gt;/);
  assert.match(mail?.text ?? '', /https:\/\/matrix\.to\/#\/!/);
  assert.equal(mail?.headers.get('list-unsubscribe-post'), 'List-Unsubscribe=One-Click');
  const link = new URL(mail?.headers.get('list-unsubscribe')?.slice(1, -1) ?? '');
  const at = api(given.server.url);
  const path = link.pathname + link.search;
  const page = await at.request('GET', path);
  assert.match(String(page.body), /<form method="post">/);
  assert.equal(listAt(await ok(bob, 'GET', `${v3}/pushers`), 'pushers').length, 1);
  link.searchParams.set('pushkey', 'other@example.org');
  assert.equal((await at.request('POST', link.pathname + link.search)).status, 400);
  assert.equal((await at.request('POST', path)).status, 200);
  assert.deepEqual(listAt(await ok(bob, 'GET', `${v3}/pushers`), 'pushers'), []);
});

test('what was read in time is not mailed, and a room is held back after its mail', async (given) => {
  const alice = await given.newUser();
  const { user: bob, address } = await mailedUser(given);
  const [one, other] = [
    await createRoom(alice, { preset: 'public_chat', name: 'One' }),
    await createRoom(alice, { preset: 'public_chat', name: 'Other' }),
  ];
  for (const roomId of [one, other]) await joinRoom(bob, roomId);
  const read = await sendText(alice, one, 'read at once');
  await ok(bob, 'POST', roomPath(one, 'receipt', 'm.read', read), { body: {} });
  await sendText(alice, other, 'unread');
  const first = (await mailServer.until(address, PROOFS + 1)).at(-1);
  assert.equal(
    first?.headers.get('subject')?.includes('from ' + (alice.userId.slice(1).split(':')[0] ?? '')),
    true,
  );
  assert.doesNotMatch(first?.text ?? '', /read at once/);
  await sendText(alice, other, 'again');
  await mailServer.until(address, PROOFS + 2);
  // From now on this room waits for long, and another brings what it has along.
  await sendText(alice, other, 'held back');
  await sleep(600);
  assert.equal((await mailServer.until(address, PROOFS + 2)).length, PROOFS + 2);
  await sendText(alice, one, 'news');
  const third = (await mailServer.until(address, PROOFS + 3)).at(-1);
  assert.match(third?.text ?? '', /held back/);
  assert.match(third?.text ?? '', /news/);
});

test('an invitation is mailed, and told again after a crash if need be', async (given) => {
  const alice = await given.newUser();
  const { user: bob, address } = await mailedUser(given);
  mailServer.refuses = true;
  const roomId = await createRoom(alice, { name: 'Party' });
  await inviteUser(alice, roomId, bob.userId);
  await sleep(400);
  await given.server.kill();
  mailServer.refuses = false;
  await given.server.restart();
  const mail = (await mailServer.until(address, PROOFS + 1)).at(-1);
  const name = alice.userId.slice(1).split(':')[0] ?? '';
  assert.equal(
    mail?.headers.get('subject'),
    `[Soma] ${name} has invited you to join the Party room on Soma...`,
  );
  await act(bob, roomId, 'leave');
});

test('a mail pusher needs an address of the account, and goes with it', async (given) => {
  const alice = await given.newUser();
  const { user: bob, address } = await mailedUser(given);
  const body = mailPusher(address);
  assert.equal(
    await refusal(alice, 'POST', `${v3}/pushers/set`, { body }),
    '400 M_THREEPID_NOT_FOUND',
  );
  await ok(bob, 'POST', `${v3}/account/3pid/delete`, { body: { medium: 'email', address } });
  assert.deepEqual(listAt(await ok(bob, 'GET', `${v3}/pushers`), 'pushers'), []);
});

test('who registers with an address is told by mail from the start', async (given) => {
  const at = api(given.server.url);
  const address = newAddress();
  const proof = await proveByMail(given.server, mailServer, '/register', address);
  const body = { username: address.split('@')[0], password: 'a good long password' };
  const challenge = await at.request('POST', `${v3}/register`, { body });
  const auth = {
    type: 'm.login.email.identity',
    session: textAt(challenge.body, 'session'),
    threepid_creds: proof,
  };
  const made = await at.request('POST', `${v3}/register`, { body: { ...body, auth } });
  assert.equal(outcome(made), '200');
  const token = textAt(made.body, 'access_token');
  const pushers = await at.request('GET', `${v3}/pushers`, { token });
  assert.equal(valueAt(pushers.body, 'pushers', 0, 'kind'), 'email');
  assert.equal(valueAt(pushers.body, 'pushers', 0, 'pushkey'), address);
});
