import { registerAccount } from '../accounts/register-account.ts';
import type { Registration } from '../accounts/register-account.ts';
import { canonicalEmail } from '../accounts/three-pids/canonical-email.ts';
import { readOwnerOfAddress } from '../accounts/three-pids/three-pid-store.ts';
import type { ProvenAddress } from '../accounts/three-pids/use-proof.ts';
import { MatrixError } from '../errors/matrix-error.ts';
import { externalIdIsFree, insertExternalIdStatement } from './external-id-store.ts';
import type { ExternalUser } from './external-user.ts';
import { externalIdOf, findKnown } from './find-known.ts';
import type { NewUserChoice } from './sign-in-sessions.ts';
import type { KnownUser, SingleSignOn } from './single-sign-on.ts';
import { setPicture, usableDisplayName } from './update-profile.ts';

/**
 * Makes an account for a user of a provider. Throws the refusals of a registration, `400 M_USER_IN_USE` among them.
 */
export async function registerExternalUser(
  sso: SingleSignOn,
  external: ExternalUser,
  choice: NewUserChoice,
): Promise<KnownUser> {
  const { accounts } = sso;
  const threePid = choice.usesEmail ? await freeAddress(sso, external.email) : undefined;
  const registration: Registration = {
    username: choice.localpart,
    password: undefined,
    displayName: choice.usesDisplayName ? usableDisplayName(external.displayName) : undefined,
    session: undefined,
    threePid,
    alongside: {
      guards: [externalIdIsFree(externalIdOf(external))],
      statements: (userNid) => [insertExternalIdStatement(externalIdOf(external), userNid)],
    },
  };
  const known = await registerUnlessKnown(sso, external, registration);
  if (known !== undefined) return known;
  const user = await findKnown(accounts, external);
  if (user === undefined) throw new Error('a user who has just been registered is not there');
  if (choice.usesPicture) await setPicture(sso, user, external.pictureUrl);
  await sso.welcome({ ...user, email: threePid?.address });
  return user;
}

/** Registers, and gives undefined; or gives the user whom another request of the same person has made. */
async function registerUnlessKnown(
  { accounts }: SingleSignOn,
  external: ExternalUser,
  registration: Registration,
): Promise<KnownUser | undefined> {
  try {
    await registerAccount(accounts, registration);
    return undefined;
  } catch (error) {
    const isTaken = error instanceof MatrixError && error.errcode === 'M_USER_IN_USE';
    const known = isTaken ? await findKnown(accounts, external) : undefined;
    if (known === undefined) throw error;
    return known;
  }
}

/** The user's address, which the provider vouches for; undefined where it is none or another's. */
async function freeAddress(
  { accounts }: SingleSignOn,
  email: string | undefined,
): Promise<ProvenAddress | undefined> {
  if (email === undefined) return undefined;
  try {
    const address = canonicalEmail(email);
    const owner = await readOwnerOfAddress(accounts.database.reader, { medium: 'email', address });
    return owner === undefined
      ? { medium: 'email', address, validatedTs: accounts.now() }
      : undefined;
  } catch (error) {
    if (error instanceof MatrixError) return undefined;
    throw error;
  }
}
