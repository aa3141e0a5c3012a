import { createHmac } from 'node:crypto';

import { StartRefusal } from '../config/start-refusal.ts';

export interface NewUser {
  readonly username: string;
  readonly password: string;
  readonly admin: boolean;
  readonly userType: string | undefined;
}

const REGISTER_PATH = '/_synapse/admin/v1/register';

/**
 * Makes an account through Synapse's shared-secret registration: a nonce from the server, then the
 * account with a proof of the secret. Throws a StartRefusal with what the server answered.
 */
export async function registerBySharedSecret(
  serverUrl: string,
  sharedSecret: string,
  user: NewUser,
): Promise<'made' | 'exists'> {
  const url = new URL(`${serverUrl.replace(/\/+$/, '')}${REGISTER_PATH}`);
  const { nonce } = await call(url, 'GET', undefined);
  if (typeof nonce !== 'string') throw new StartRefusal(`${url.href} gave no nonce.`);
  const { username, password, admin, userType } = user;
  const answer = await call(url, 'POST', {
    nonce,
    username,
    password,
    admin,
    ...(userType === undefined ? {} : { user_type: userType }),
    mac: registrationMac(sharedSecret, nonce, user),
  });
  if (answer['errcode'] === 'M_USER_IN_USE') return 'exists';
  if (typeof answer['user_id'] === 'string') return 'made';
  throw new StartRefusal(`The server refused: ${describeAnswer(answer)}.`);
}

/** HMAC-SHA1 over the parts of the request, each after a NUL, as hexadecimal digits. */
export function registrationMac(sharedSecret: string, nonce: string, user: NewUser): string {
  const parts = [nonce, user.username, user.password, user.admin ? 'admin' : 'notadmin'];
  if (user.userType !== undefined) parts.push(user.userType);
  return createHmac('sha1', sharedSecret).update(parts.join('\0')).digest('hex');
}

type Answer = Readonly<Record<string, unknown>>;

async function call(url: URL, method: 'GET' | 'POST', body: object | undefined): Promise<Answer> {
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    throw new StartRefusal(`${url.origin} cannot be reached: is the server running there?`, {
      cause: error,
    });
  }
  const answer = parseAnswer(await response.text());
  if (answer === undefined) {
    throw new StartRefusal(
      `${url.href} answered ${response.status} and no JSON: is it a homeserver?`,
    );
  }
  if (method === 'GET' && !response.ok) {
    throw new StartRefusal(`The server refused: ${describeAnswer(answer)}.`);
  }
  return answer;
}

function parseAnswer(text: string): Answer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    return Object.fromEntries(Object.entries(value));
  } catch {
    return undefined;
  }
}

function describeAnswer(answer: Answer): string {
  const { errcode = 'no errcode', error = 'no explanation' } = answer;
  return `${String(errcode)}, ${String(error).replace(/\.$/, '')}`;
}
