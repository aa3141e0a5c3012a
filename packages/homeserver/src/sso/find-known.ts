import type { Accounts } from '../accounts/accounts.ts';
import { readOwnerOfExternalId } from './external-id-store.ts';
import type { ExternalId } from './external-id-store.ts';
import type { ExternalUser } from './external-user.ts';
import type { KnownUser } from './single-sign-on.ts';

/** Who was noted to be that user of the provider. */
export async function findKnown(
  accounts: Accounts,
  external: ExternalUser,
): Promise<KnownUser | undefined> {
  const userNid = await readOwnerOfExternalId(accounts.database.reader, externalIdOf(external));
  if (userNid === undefined) return undefined;
  return { userNid, userId: await accounts.names.users.text(userNid) };
}

export function externalIdOf({ provider, externalId }: ExternalUser): ExternalId {
  return { authProvider: provider.id, externalId };
}
