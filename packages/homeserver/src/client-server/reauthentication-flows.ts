import { readAccount } from '../accounts/account-store.ts';
import type { Flows } from '../http/interactive-auth.ts';
import { ssoStage } from '../http/interactive-auth/sso-stage.ts';
import type { AccountServices } from './services.ts';
import { providersOfUser } from './sso/confirm.ts';

const PASSWORD = 'm.login.password';

/** How a user who is logged in confirms something: by the password, or where the user logs in otherwise. */
export async function reauthenticationFlows(
  { accounts, singleSignOn }: AccountServices,
  userNid: number,
): Promise<Flows> {
  if (singleSignOn === undefined) return [[PASSWORD]];
  const account = await readAccount(accounts.database.reader, userNid);
  const providers = await providersOfUser(singleSignOn, userNid);
  const hasPassword = account?.passwordHash !== undefined || providers.length === 0;
  return [...(hasPassword ? [[PASSWORD]] : []), ...(providers.length > 0 ? [[ssoStage.type]] : [])];
}
