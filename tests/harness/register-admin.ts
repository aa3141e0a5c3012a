import { createHmac } from 'node:crypto';

import { api } from './api.ts';
import { logIn, testPassword, type TestUser } from './client.ts';
import type { TestHomeserver } from './homeserver-process.ts';
import { textAt } from './json-path.ts';

const path = '/_synapse/admin/v1/register';

/** Makes a server administrator by the shared secret. */
export async function registerAdmin(server: TestHomeserver, localpart: string): Promise<TestUser> {
  const client = api(server.url);
  const nonce = textAt((await client.request('GET', path)).body, 'nonce');
  const mac = createHmac('sha1', server.registrationSharedSecret)
    .update([nonce, localpart, testPassword, 'admin'].join('\0'))
    .digest('hex');
  const body = { nonce, username: localpart, password: testPassword, admin: true, mac };
  const { status } = await client.request('POST', path, { body });
  if (status !== 200) throw new Error(`the administrator was refused with ${status}`);
  return logIn(server, localpart);
}
