import { readAccount } from '../accounts/account-store.ts';
import { issueLoginToken } from '../accounts/login-token.ts';
import type { ExternalUser } from './external-user.ts';
import { loginTokenLifetimeMs } from './limits.ts';
import { withLoginToken } from './redirect-url.ts';
import { SignInRefused } from './sign-in-refused.ts';
import type { KnownUser, SingleSignOn } from './single-sign-on.ts';

/** Throws a {@link SignInRefused} for a user who may not log in. */
export async function checkMayLogIn(
  { accounts }: SingleSignOn,
  { userNid, userId }: KnownUser,
): Promise<void> {
  const account = await readAccount(accounts.database.reader, userNid);
  if (account === undefined || account.isDeactivated) {
    throw new SignInRefused('deactivated', `${userId} has been deactivated`);
  }
  if (account.isLocked) throw new SignInRefused('locked', `${userId} has been locked`);
}

/** The client's address with a token for one login. */
export async function grantLogin(
  sso: SingleSignOn,
  userNid: number,
  external: ExternalUser,
  redirectUrl: string,
): Promise<string> {
  const token = await issueLoginToken(sso.accounts, userNid, loginTokenLifetimeMs, {
    authProvider: external.provider.id,
    providerSessionId: external.providerSessionId,
    extraAttributes: external.extraAttributes,
  });
  return withLoginToken(redirectUrl, token);
}
