import { newUserId } from '@soma/protocol';

import type { Accounts } from '../accounts/accounts.ts';
import { findAccount } from '../accounts/find-account.ts';
import { externalIdIsFree, insertExternalIdStatement } from './external-id-store.ts';
import type { ExternalUser } from './external-user.ts';
import { externalIdOf, findKnown } from './find-known.ts';
import { registerExternalUser } from './register-external-user.ts';
import { SignInRefused } from './sign-in-refused.ts';
import type { KnownUser, SingleSignOn } from './single-sign-on.ts';
import { suggestName } from './suggest-name.ts';
import { updateProfile } from './update-profile.ts';

/** A user, or somebody who must say first what to be called. */
export type SignInOutcome =
  | { readonly kind: 'known'; readonly user: KnownUser }
  | { readonly kind: 'new'; readonly suggestion: string | undefined; readonly mustChoose: boolean };

/**
 * Whom a user of a provider is here: by what was noted before, by the name where the operator allows that, or as a
 * new user. Throws a {@link SignInRefused}.
 */
export async function signIn(sso: SingleSignOn, external: ExternalUser): Promise<SignInOutcome> {
  const known = (await findKnown(sso.accounts, external)) ?? (await adopt(sso.accounts, external));
  if (known !== undefined) {
    if (sso.config.updatesProfile) await updateProfile(sso, known, external);
    return { kind: 'known', user: known };
  }
  const { provider, localpart } = external;
  if (!provider.rules.enablesRegistration) {
    throw new SignInRefused('no-registration', `${provider.id} may not bring new users`);
  }
  const suggestion =
    localpart === undefined ? undefined : await suggestName(sso.accounts, localpart);
  const mustChoose =
    suggestion === undefined || suggestion !== localpart || external.confirmsLocalpart;
  if (mustChoose || sso.requiresConsent) return { kind: 'new', suggestion, mustChoose };
  const choice = {
    localpart: suggestion,
    usesDisplayName: true,
    usesPicture: true,
    usesEmail: true,
  };
  return { kind: 'known', user: await registerExternalUser(sso, external, choice) };
}

/** The account with the user's name, where the provider may bring people to the accounts that are there. */
async function adopt(accounts: Accounts, external: ExternalUser): Promise<KnownUser | undefined> {
  const { provider, localpart } = external;
  if (!provider.rules.allowsExistingUsers || localpart === undefined) return undefined;
  const userId = newUserId(localpart, accounts.serverName);
  if (userId === undefined) return undefined;
  const account = await findAccount(accounts, userId);
  // Nobody at a provider is a guest or a user of an application service.
  if (account === undefined || account.isGuest || account.serviceId !== undefined) return undefined;
  const id = externalIdOf(external);
  const { userNid } = account;
  const { outcome } = await accounts.database.submit({
    guards: [externalIdIsFree(id)],
    statements: [insertExternalIdStatement(id, userNid)],
    positions: 0,
  }).done;
  // Otherwise another request of the same user was quicker.
  return outcome === 'applied' ? { userNid, userId } : findKnown(accounts, external);
}
