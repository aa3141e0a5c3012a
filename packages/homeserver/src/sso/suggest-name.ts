import type { UserId } from '@soma/protocol';

import type { Accounts } from '../accounts/accounts.ts';
import { checkUsername } from '../accounts/check-username.ts';
import { findAccount } from '../accounts/find-account.ts';
import { MatrixError } from '../errors/matrix-error.ts';
import { nameAttemptsMax } from './limits.ts';

/** The name, or the first free one with a number behind it; undefined where none can be had. */
export async function suggestName(accounts: Accounts, name: string): Promise<string | undefined> {
  for (let attempt = 0; attempt < nameAttemptsMax; attempt += 1) {
    const candidate = attempt === 0 ? name : `${name}${attempt}`;
    const userId = possibleUserId(accounts, candidate);
    if (userId === undefined) return undefined;
    if ((await findAccount(accounts, userId)) === undefined) return candidate;
  }
  return undefined;
}

/** Undefined for a name that nobody may register. */
function possibleUserId(accounts: Accounts, name: string): UserId | undefined {
  try {
    return checkUsername(accounts, name);
  } catch (error) {
    if (error instanceof MatrixError) return undefined;
    throw error;
  }
}
