import assert from 'node:assert/strict';

import { api, type Response } from '../harness/api.ts';
import { testPassword, type TestUser } from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import type { MailServer, ReceivedMail } from '../harness/mail-server.ts';
import { outcome, v3 } from './requests.ts';

export const SECRET = 'some.client-secret=_1';

type Server = { readonly url: string };

let addresses = 0;

/** An address that no other test has. */
export function newAddress(): string {
  addresses += 1;
  return `person-${addresses}@example.org`;
}

/** Asks for a mail that proves an address; `path` says what for: `/register`. */
export function askForMail(server: Server, path: string, body: object): Promise<Response> {
  return api(server.url).request('POST', `${v3}${path}/email/requestToken`, {
    body: { client_secret: SECRET, send_attempt: 1, ...body },
  });
}

/** The first link of a mail. */
export function linkIn({ text }: ReceivedMail): URL {
  const link = text.split('\n').find((line) => line.startsWith('http'));
  return new URL(link?.trim() ?? '');
}

/** Follows the link of the newest of so many mails to an address, and presses the button where there is one. */
export async function follow(
  mailServer: MailServer,
  to: string,
  count = 1,
): Promise<{ status: number; location: unknown }> {
  const mail = (await mailServer.until(to, count)).at(-1);
  assert.ok(mail !== undefined);
  const link = linkIn(mail);
  const method = link.pathname.includes('password_reset') ? 'POST' : 'GET';
  const answer = await api(link.origin).request(method, link.pathname + link.search);
  return { status: answer.status, location: answer.headers['location'] };
}

/** The credentials of a proof. */
export async function proveByMail(
  server: Server,
  mailServer: MailServer,
  path: string,
  address: string,
): Promise<{ sid: string; client_secret: string }> {
  const answer = await askForMail(server, path, { email: address });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.equal((await follow(mailServer, address)).status, 200);
  return { sid: textAt(answer.body, 'sid'), client_secret: SECRET };
}

/** How a request is answered that the user confirms with the password. */
export async function withPassword(user: TestUser, path: string, body: object): Promise<string> {
  const challenge = await user.request('POST', path, { body });
  const auth = {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: user.userId },
    password: testPassword,
    session: valueAt(challenge.body, 'session'),
  };
  return outcome(await user.request('POST', path, { body: { ...body, auth } }));
}

/** Gives a user an address; one mail goes to it. */
export async function addAddress(
  server: Server,
  mailServer: MailServer,
  user: TestUser,
  address: string,
): Promise<void> {
  const proof = await proveByMail(server, mailServer, '/account/3pid', address);
  assert.equal(await withPassword(user, `${v3}/account/3pid/add`, proof), '200');
}
