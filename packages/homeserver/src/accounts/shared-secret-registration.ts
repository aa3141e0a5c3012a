import { createHmac, timingSafeEqual } from 'node:crypto';

import { MatrixError, badJson, badRequest } from '../errors/matrix-error.ts';
import type { Accounts } from './accounts.ts';
import { passwordLengthMax } from './limits.ts';
import { registerAccount } from './register-account.ts';
import type { Registered, Registration } from './register-account.ts';

type Body = Readonly<Record<string, unknown>>;

const USERNAME_LENGTH_MAX = 512;
const USER_TYPES: readonly unknown[] = ['bot', 'support'];

/** The secret of registrations. Throws `400 M_UNKNOWN` where the operator has set none. */
export function sharedSecretOf({ config }: Accounts): string {
  const { sharedSecret } = config.registration;
  if (sharedSecret === undefined || sharedSecret === '') {
    throw badRequest('Shared secret registration is not enabled');
  }
  return sharedSecret;
}

/**
 * Makes an account for who knows the shared secret, by the protocol of Synapse: the body proves the secret by
 * an HMAC-SHA1 over its fields and a nonce that is good once.
 */
export async function registerBySharedSecret(
  accounts: Accounts,
  body: Body,
  session: Registration['session'],
): Promise<Registered> {
  const sharedSecret = sharedSecretOf(accounts);
  const { nonce, mac, admin, user_type: userType, displayname } = body;
  if (nonce === undefined) throw badJson('nonce must be specified');
  if (typeof nonce !== 'string' || !accounts.nonces.spend(nonce)) {
    throw badRequest('unrecognised nonce');
  }
  const username = credential(body, 'username', USERNAME_LENGTH_MAX);
  const password = credential(body, 'password', passwordLengthMax);
  if (userType !== undefined && userType !== null && !USER_TYPES.includes(userType)) {
    throw badRequest('Invalid user type');
  }
  if (mac === undefined) throw badJson('mac must be specified');
  const isAdmin = admin === true;
  const parts = [nonce, username, password, isAdmin ? 'admin' : 'notadmin'];
  if (typeof userType === 'string') parts.push(userType);
  const expected = createHmac('sha1', sharedSecret).update(parts.join('\0')).digest('hex');
  if (typeof mac !== 'string' || !isSameText(mac, expected)) {
    throw new MatrixError(403, 'M_UNKNOWN', 'HMAC incorrect');
  }
  return registerAccount(accounts, {
    username,
    password,
    isAdmin,
    userType: typeof userType === 'string' ? userType : undefined,
    displayName: typeof displayname === 'string' && displayname !== '' ? displayname : undefined,
    session,
  });
}

function credential(body: Body, name: 'username' | 'password', lengthMax: number): string {
  const value = body[name];
  if (value === undefined) throw badJson(`${name} must be specified`);
  const isValid = typeof value === 'string' && value.length <= lengthMax && !value.includes('\0');
  if (!isValid) throw badRequest(`Invalid ${name}`);
  return value;
}

function isSameText(given: string, expected: string): boolean {
  const bytes = Buffer.from(given);
  return bytes.length === expected.length && timingSafeEqual(bytes, Buffer.from(expected));
}
