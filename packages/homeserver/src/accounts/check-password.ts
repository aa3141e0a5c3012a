import { randomBytes } from 'node:crypto';

import type { UserId } from '@soma/protocol';

import { MatrixError } from '../errors/matrix-error.ts';
import type { Account } from './account-store.ts';
import type { Accounts } from './accounts.ts';
import { findAccount } from './find-account.ts';
import { passwordLengthMax } from './limits.ts';
import { hashPassword, verifyPassword } from './password-hash.ts';

/** An account whose password was right. */
export interface ProvenAccount {
  readonly userId: UserId;
  readonly account: Account;
  readonly passwordHash: string;
}

/** By pepper: the hash of a password that nobody has. */
const decoys = new Map<string, Promise<string>>();

/**
 * The account if the password fits. It costs one hash whether there is such a user or not, so that the time
 * tells nothing. Throws `403 M_USER_DEACTIVATED`.
 */
export async function checkPassword(
  accounts: Accounts,
  userId: UserId | undefined,
  password: string,
): Promise<ProvenAccount | undefined> {
  const { pepper } = accounts.config.passwords;
  const found = userId === undefined ? undefined : await findCaseInsensitively(accounts, userId);
  const stored = found?.account.passwordHash;
  // No password is longer than the limit, so neither is what is left of a longer one.
  const fits = await verifyPassword(
    password.slice(0, passwordLengthMax + 1),
    stored ?? (await decoyHash(pepper)),
    { pepper },
  );
  if (found?.account.isDeactivated === true) {
    throw new MatrixError(403, 'M_USER_DEACTIVATED', 'This account has been deactivated');
  }
  if (found === undefined || stored === undefined || !fits) return undefined;
  return { ...found, passwordHash: stored };
}

/** As Synapse: a name that does not exist as it was written is looked for in small letters. */
async function findCaseInsensitively(
  accounts: Accounts,
  userId: UserId,
): Promise<{ userId: UserId; account: Account } | undefined> {
  const account = await findAccount(accounts, userId);
  if (account !== undefined) return { userId, account };
  const colon = userId.indexOf(':');
  const lowered = `${userId.slice(0, colon).toLowerCase()}${userId.slice(colon)}`;
  if (lowered === userId) return undefined;
  const other = await findAccount(accounts, lowered);
  return other === undefined ? undefined : { userId: lowered as UserId, account: other };
}

function decoyHash(pepper: string): Promise<string> {
  const known = decoys.get(pepper);
  if (known !== undefined) return known;
  const made = hashPassword(randomBytes(16).toString('hex'), { pepper });
  decoys.set(pepper, made);
  return made;
}
