import { forbidden, invalidParam, notFound, userSuspended } from '../errors/matrix-error.ts';
import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import type { Account } from './account-store.ts';
import type { Accounts } from './accounts.ts';
import { findAccount } from './find-account.ts';
import { avatarUrlLengthMax, displayNameLengthMax } from './limits.ts';
import { readProfile, setAvatarUrlStatement, setDisplayNameStatement } from './profile-store.ts';
import type { Profile } from './profile-store.ts';

export type ProfileField = keyof Profile;

interface FieldRules {
  readonly lengthMax: number;
  readonly statement: typeof setDisplayNameStatement;
  readonly mayBeChanged: 'enableSetDisplayname' | 'enableSetAvatarUrl';
}

const fields: Readonly<Record<ProfileField, FieldRules>> = {
  displayName: {
    lengthMax: displayNameLengthMax,
    statement: setDisplayNameStatement,
    mayBeChanged: 'enableSetDisplayname',
  },
  avatarUrl: {
    lengthMax: avatarUrlLengthMax,
    statement: setAvatarUrlStatement,
    mayBeChanged: 'enableSetAvatarUrl',
  },
};

/** Who asks. */
export interface ProfileEditor {
  readonly userId: string;
  readonly isAdmin: boolean;
}

/**
 * Sets a field of a profile; the empty text removes it. Users set their own, administrators anyone's. Where
 * the operator forbids changes, a field that is not set yet may still be set, as with Synapse.
 */
export async function setProfileField(
  accounts: Accounts,
  editor: ProfileEditor,
  userId: string,
  field: ProfileField,
  value: string,
): Promise<void> {
  const { lengthMax, statement, mayBeChanged } = fields[field];
  const account = await editedAccount(accounts, editor, userId);
  if (value.length > lengthMax) throw invalidParam(`It has more than ${lengthMax} characters`);
  // It has no place in an event, and every membership of the user carries the profile.
  if (!value.isWellFormed()) throw invalidParam('It contains half a surrogate pair');
  if (!editor.isAdmin) {
    const profile = await readProfile(accounts.database.reader, account.userNid);
    if (!accounts.config.profiles[mayBeChanged] && profile?.[field] !== undefined) {
      throw forbidden('This server does not let users change it');
    }
  }
  await write(accounts.database, {
    statements: [statement(account.userNid, value === '' ? undefined : value)],
    positions: 1,
    touches: [{ kind: ChangeKind.userData, subject: account.userNid }],
  });
}

/** The account whose profile is to be edited. Throws where the editor may not. */
export async function editedAccount(
  accounts: Accounts,
  editor: ProfileEditor,
  userId: string,
): Promise<Account> {
  if (editor.userId !== userId && !editor.isAdmin) throw forbidden('That is not your profile');
  const account = await findAccount(accounts, userId);
  if (account === undefined || account.isDeactivated) throw notFound('No such user on this server');
  if (account.isSuspended && !editor.isAdmin) throw userSuspended();
  return account;
}
