import type { Accounts } from './accounts.ts';
import { readProfileFields } from './profile-field-store.ts';
import { profileOf } from './profile-of.ts';

/** All of a profile by the names that it has for clients and other servers; the values are JSON texts. */
export type FullProfile = ReadonlyMap<string, string>;

/** The whole profile of a user of this server; undefined for anyone else. */
export async function fullProfile(
  accounts: Accounts,
  userId: string,
): Promise<FullProfile | undefined> {
  const profile = await profileOf(accounts, userId);
  const userNid = await accounts.names.users.find(userId);
  if (profile === undefined || userNid === undefined) return undefined;
  const { displayName, avatarUrl } = profile;
  const known = Object.entries({ displayname: displayName, avatar_url: avatarUrl });
  const set = known.flatMap(([name, value]) =>
    value === undefined ? [] : [[name, JSON.stringify(value)] as const],
  );
  return new Map([...set, ...(await readProfileFields(accounts.database.reader, userNid))]);
}

/** The fields as the text of one JSON object. */
export function profileText(fields: Iterable<readonly [name: string, json: string]>): string {
  return `{${Array.from(fields, ([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
}
