import type { Accounts } from './accounts.ts';
import type { RequestOrigin } from './last-seen.ts';
import type { TokenOwner } from './token-cache.ts';

/**
 * Whose token it is; undefined for one that is not known. A cached answer is given as it is, so that it
 * costs no promise. The owner's device counts as seen.
 */
export function resolveToken(
  accounts: Accounts,
  token: string,
  origin: RequestOrigin,
): TokenOwner | undefined | Promise<TokenOwner | undefined> {
  const cached = accounts.tokens.cached(token);
  if (cached === undefined) {
    return accounts.tokens.load(token).then((owner) => noteUse(accounts, owner, origin));
  }
  return noteUse(accounts, cached, origin);
}

function noteUse(
  accounts: Accounts,
  owner: TokenOwner | undefined,
  origin: RequestOrigin,
): TokenOwner | undefined {
  if (owner?.deviceNid !== undefined) {
    accounts.lastSeen.note(owner.deviceNid, accounts.now(), origin);
  }
  return owner;
}
