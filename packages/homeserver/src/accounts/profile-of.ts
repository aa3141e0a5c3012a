import type { Accounts } from './accounts.ts';
import { readProfile } from './profile-store.ts';
import type { Profile } from './profile-store.ts';

/** The profile of a user of this server; undefined for anyone else. */
export async function profileOf(accounts: Accounts, userId: string): Promise<Profile | undefined> {
  const userNid = await accounts.names.users.find(userId);
  return userNid === undefined ? undefined : readProfile(accounts.database.reader, userNid);
}
