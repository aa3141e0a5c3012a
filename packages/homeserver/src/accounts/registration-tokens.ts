import { randomInt } from 'node:crypto';

import { invalidParam, notFound } from '../errors/matrix-error.ts';
import { write } from '../storage/database.ts';
import type { Statement } from '../storage/sql.ts';
import type { Accounts } from './accounts.ts';
import {
  deleteRegistrationTokenStatement,
  insertRegistrationTokenStatement,
  readRegistrationToken,
  readRegistrationTokens,
  updateRegistrationTokenStatement,
} from './registration-token-store.ts';
import type { RegistrationToken } from './registration-token-store.ts';

/** "Opaque identifiers" of the appendices. */
const TOKEN = /^[A-Za-z0-9._~-]{1,64}$/;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-';

/** Whether someone may begin a registration with the token now. */
export async function isRegistrationTokenValid(
  accounts: Accounts,
  token: string,
): Promise<boolean> {
  const known = await readRegistrationToken(accounts.database.reader, token);
  return known !== undefined && isUsable(accounts, known);
}

function isUsable(accounts: Accounts, token: RegistrationToken): boolean {
  const { usesAllowed, expiryTs, completed } = token;
  if (expiryTs !== undefined && expiryTs <= accounts.now()) return false;
  const uses = completed + accounts.pendingRegistrations.count(token.token);
  return usesAllowed === undefined || uses < usesAllowed;
}

/** Makes a token. Throws `400 M_INVALID_PARAM` for one that is none, or is there already. */
export async function createRegistrationToken(
  accounts: Accounts,
  wanted: Pick<RegistrationToken, 'usesAllowed' | 'expiryTs'> & {
    readonly token: string | undefined;
    readonly length: number;
  },
): Promise<RegistrationToken> {
  checkExpiry(accounts, wanted.expiryTs);
  if (wanted.token !== undefined && !TOKEN.test(wanted.token)) {
    throw invalidParam('token must have 1 to 64 characters of A-Z a-z 0-9 . _ ~ -');
  }
  const { usesAllowed, expiryTs } = wanted;
  const token = wanted.token ?? randomToken(wanted.length);
  const made = await changesOne(
    accounts,
    insertRegistrationTokenStatement({ token, usesAllowed, expiryTs }),
  );
  if (!made) throw invalidParam(`Token already exists: ${token}`);
  return { token, usesAllowed, expiryTs, completed: 0 };
}

/** Changes what is given. Throws `404 M_NOT_FOUND` and `400 M_INVALID_PARAM`. */
export async function updateRegistrationToken(
  accounts: Accounts,
  token: string,
  change: Partial<Pick<RegistrationToken, 'usesAllowed' | 'expiryTs'>>,
): Promise<RegistrationToken> {
  checkExpiry(accounts, change.expiryTs);
  const changed = { ...(await findRegistrationToken(accounts, token)), ...change };
  const isKnown = await changesOne(accounts, updateRegistrationTokenStatement(changed));
  if (!isKnown) throw noSuchToken();
  return changed;
}

/** Throws `404 M_NOT_FOUND`. */
export async function deleteRegistrationToken(accounts: Accounts, token: string): Promise<void> {
  const isKnown = await changesOne(accounts, deleteRegistrationTokenStatement(token));
  if (!isKnown) throw noSuchToken();
}

/** Throws `404 M_NOT_FOUND`. */
export async function findRegistrationToken(
  accounts: Accounts,
  token: string,
): Promise<RegistrationToken> {
  const known = await readRegistrationToken(accounts.database.reader, token);
  if (known === undefined) throw noSuchToken();
  return known;
}

/** All tokens or, if asked for, those that can be used or cannot. */
export async function listRegistrationTokens(
  accounts: Accounts,
  usable: boolean | undefined,
): Promise<RegistrationToken[]> {
  const tokens = await readRegistrationTokens(accounts.database.reader);
  if (usable === undefined) return tokens;
  return tokens.filter((token) => isUsable(accounts, token) === usable);
}

async function changesOne({ database }: Accounts, statement: Statement): Promise<boolean> {
  const { rows } = await write(database, { statements: [statement], returning: [0], positions: 0 });
  return rows[0]?.length === 1;
}

function checkExpiry({ now }: Accounts, expiryTs: number | undefined): void {
  if (expiryTs !== undefined && expiryTs <= now()) {
    throw invalidParam('expiry_time must not be in the past');
  }
}

function randomToken(length: number): string {
  return Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join('');
}

function noSuchToken(): Error {
  return notFound('No such registration token');
}
