import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import type { Accounts } from './accounts.ts';
import type { RequestOrigin } from './last-seen.ts';
import { confirmStatements } from './refresh-session.ts';
import type { TokenOwner } from './token-cache.ts';

/** `soft_logout` for a token that has expired; undefined for one that is not known. */
type Verdict = TokenOwner | 'soft_logout' | undefined;

/**
 * Whose token it is. A cached answer is given as it is, so that it costs no promise. The owner's device counts
 * as seen.
 */
export function resolveToken(
  accounts: Accounts,
  token: string,
  origin: RequestOrigin,
): Verdict | Promise<Verdict> {
  const cached = accounts.tokens.cached(token);
  if (cached === undefined) return loadToken(accounts, token, origin);
  return noteUse(accounts, cached, origin);
}

async function loadToken(
  accounts: Accounts,
  token: string,
  origin: RequestOrigin,
): Promise<Verdict> {
  const owner = await accounts.tokens.load(token);
  if (owner === undefined) return undefined;
  const verdict = noteUse(accounts, owner, origin);
  if (verdict === owner) await confirmRefresh(accounts, owner);
  return verdict;
}

/** The first use of an access token that came from a refresh: the refresh token before it ends. */
async function confirmRefresh(accounts: Accounts, owner: TokenOwner): Promise<void> {
  const { refreshNid, replacesRefreshNid, userNid } = owner;
  if (refreshNid === undefined || replacesRefreshNid === undefined) return;
  await write(accounts.database, {
    statements: confirmStatements(refreshNid, replacesRefreshNid),
    positions: 1,
    touches: [{ kind: ChangeKind.account, subject: userNid }],
  });
}

function noteUse(accounts: Accounts, owner: TokenOwner, origin: RequestOrigin): Verdict {
  const nowMs = accounts.now();
  if (owner.validUntilTs !== undefined && owner.validUntilTs <= nowMs) return 'soft_logout';
  if (owner.deviceNid !== undefined) accounts.lastSeen.note(owner.deviceNid, nowMs, origin);
  return owner;
}
