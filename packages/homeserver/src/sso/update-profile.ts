import { displayNameLengthMax } from '../accounts/limits.ts';
import {
  readProfile,
  setAvatarUrlStatement,
  setDisplayNameStatement,
} from '../accounts/profile-store.ts';
import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import type { Statement } from '../storage/sql.ts';
import type { ExternalUser } from './external-user.ts';
import type { KnownUser, SingleSignOn } from './single-sign-on.ts';

/** Brings the display name and the picture of the provider to the user's profile. */
export async function updateProfile(
  sso: SingleSignOn,
  user: KnownUser,
  external: ExternalUser,
): Promise<void> {
  const name = usableDisplayName(external.displayName);
  const profile = await readProfile(sso.accounts.database.reader, user.userNid);
  if (name !== undefined && name !== profile?.displayName) {
    await changeProfile(sso, user, setDisplayNameStatement(user.userNid, name));
  }
  await setPicture(sso, user, external.pictureUrl);
}

/** Makes the picture at an address the user's, unless it is already. */
export async function setPicture(
  sso: SingleSignOn,
  user: KnownUser,
  pictureUrl: string | undefined,
): Promise<void> {
  if (pictureUrl === undefined) return;
  const picture = await sso.fetchPicture(user.userNid, pictureUrl);
  if (picture?.avatarUrl === undefined) return;
  await changeProfile(sso, user, setAvatarUrlStatement(user.userNid, picture.avatarUrl));
}

/** What can be a display name; undefined where nothing can. */
export function usableDisplayName(name: string | undefined): string | undefined {
  const sound = name?.toWellFormed().slice(0, displayNameLengthMax).toWellFormed();
  return sound === '' ? undefined : sound;
}

async function changeProfile(
  { accounts, propagateProfile }: SingleSignOn,
  { userNid, userId }: KnownUser,
  statement: Statement,
): Promise<void> {
  await write(accounts.database, {
    statements: [statement],
    positions: 1,
    touches: [{ kind: ChangeKind.userData, subject: userNid }],
  });
  await propagateProfile(userId);
}
