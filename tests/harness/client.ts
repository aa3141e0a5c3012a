import { createHmac, randomUUID } from 'node:crypto';

import { api, pathOf, type RequestOptions, type Response } from './api.ts';
import { textAt } from './json-path.ts';

/** A logged-in user of a server under test. */
export interface TestUser {
  readonly userId: string;
  readonly accessToken: string;
  readonly deviceId: string;
  /** A request with the user's token; any status is an answer. */
  request(method: string, path: string, options?: RequestOptions): Promise<Response>;
}

export interface SyncOptions {
  readonly since?: string;
  readonly timeoutMs?: number;
  readonly filter?: unknown;
  readonly fullState?: boolean;
}

const base = '/_matrix/client/v3';
export const testPassword = 'correct horse battery staple';

/** Registers through the interactive flow with its one stage, `m.login.dummy`. */
export async function registerUser(
  server: { readonly url: string },
  localpart: string,
): Promise<TestUser> {
  const client = api(server.url);
  const body = { username: localpart, password: testPassword };
  const challenge = await client.request('POST', `${base}/register`, { body });
  if (challenge.status !== 401) throw unexpected('POST', `${base}/register`, challenge);
  const auth = { type: 'm.login.dummy', session: textAt(challenge.body, 'session') };
  const answer = expectOk(
    'POST',
    `${base}/register`,
    await client.request('POST', `${base}/register`, { body: { ...body, auth } }),
  );
  return userFrom(server, answer);
}

/** Logs in with the password that `registerUser` gives, on a new device. */
export async function logIn(
  server: { readonly url: string },
  localpart: string,
): Promise<TestUser> {
  const body = {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: localpart },
    password: testPassword,
  };
  const answer = await api(server.url).request('POST', `${base}/login`, { body });
  return userFrom(server, expectOk('POST', `${base}/login`, answer));
}

/** Registers an administrator, by the shared secret. */
export async function registerAdmin(
  server: { readonly url: string; readonly registrationSharedSecret: string },
  localpart: string,
): Promise<TestUser> {
  const client = api(server.url);
  const path = '/_synapse/admin/v1/register';
  const nonce = textAt((await client.request('GET', path)).body, 'nonce');
  const mac = createHmac('sha1', server.registrationSharedSecret)
    .update([nonce, localpart, testPassword, 'admin'].join('\0'))
    .digest('hex');
  const body = { nonce, username: localpart, password: testPassword, admin: true, mac };
  return userFrom(server, expectOk('POST', path, await client.request('POST', path, { body })));
}

/** Registers a guest, where the server lets guests in. */
export async function registerGuest(server: { readonly url: string }): Promise<TestUser> {
  const path = `${base}/register`;
  const query = { kind: 'guest' };
  const answer = await api(server.url).request('POST', path, { body: {}, query });
  return userFrom(server, expectOk('POST', path, answer));
}

/** Makes a room and gives its id. */
export async function createRoom(user: TestUser, body: object = {}): Promise<string> {
  return textAt(await call(user, 'POST', `${base}/createRoom`, { body }), 'room_id');
}

/** Joins a room by its id or alias and gives its id. */
export async function joinRoom(user: TestUser, roomIdOrAlias: string): Promise<string> {
  const path = base + pathOf`/join/${roomIdOrAlias}`;
  return textAt(await call(user, 'POST', path, { body: {} }), 'room_id');
}

export async function inviteUser(user: TestUser, roomId: string, userId: string): Promise<void> {
  const path = base + pathOf`/rooms/${roomId}/invite`;
  await call(user, 'POST', path, { body: { user_id: userId } });
}

/** Sends a message event and gives its event id. */
export async function sendEvent(
  user: TestUser,
  roomId: string,
  type: string,
  content: object,
  transactionId: string = randomUUID(),
): Promise<string> {
  const path = base + pathOf`/rooms/${roomId}/send/${type}/${transactionId}`;
  return textAt(await call(user, 'PUT', path, { body: content }), 'event_id');
}

/** Sends an `m.text` message and gives its event id. */
export function sendText(user: TestUser, roomId: string, text: string): Promise<string> {
  return sendEvent(user, roomId, 'm.room.message', { msgtype: 'm.text', body: text });
}

/** Sets a piece of room state and gives its event id. */
export async function sendState(
  user: TestUser,
  roomId: string,
  type: string,
  stateKey: string,
  content: object,
): Promise<string> {
  const path = base + pathOf`/rooms/${roomId}/state/${type}/${stateKey}`;
  return textAt(await call(user, 'PUT', path, { body: content }), 'event_id');
}

/** One `/sync`; it returns at once unless `timeoutMs` is given. */
export async function sync(
  user: TestUser,
  options: SyncOptions = {},
): Promise<{ nextBatch: string; body: unknown }> {
  const query = {
    timeout: options.timeoutMs ?? 0,
    ...(options.since === undefined ? {} : { since: options.since }),
    ...(options.filter === undefined ? {} : { filter: JSON.stringify(options.filter) }),
    ...(options.fullState === undefined ? {} : { full_state: options.fullState }),
  };
  const body = await call(user, 'GET', `${base}/sync`, { query });
  return { nextBatch: textAt(body, 'next_batch'), body };
}

/** Gives the body of a 200 answer, or throws with the answer. */
async function call(
  user: TestUser,
  method: string,
  path: string,
  options: RequestOptions,
): Promise<unknown> {
  return expectOk(method, path, await user.request(method, path, options));
}

function expectOk(method: string, path: string, answer: Response): unknown {
  if (answer.status !== 200) throw unexpected(method, path, answer);
  return answer.body;
}

function unexpected(method: string, path: string, answer: Response): Error {
  return new Error(`${method} ${path} gave ${answer.status} ${JSON.stringify(answer.body)}`);
}

function userFrom(server: { readonly url: string }, body: unknown): TestUser {
  const client = api(server.url);
  const token = textAt(body, 'access_token');
  return {
    userId: textAt(body, 'user_id'),
    accessToken: token,
    deviceId: textAt(body, 'device_id'),
    request: (method, path, options) => client.request(method, path, { token, ...options }),
  };
}
