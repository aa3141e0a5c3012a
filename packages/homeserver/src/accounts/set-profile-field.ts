import { canonicalJson, checkCanonicalJson, exceedsBytes } from '@soma/protocol';
import type { JsonValue } from '@soma/protocol';

import { MatrixError, badJson, invalidParam } from '../errors/matrix-error.ts';
import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import type { Accounts } from './accounts.ts';
import { profileBytesMax, profileKeyBytesMax } from './limits.ts';
import {
  deleteProfileFieldStatement,
  putProfileFieldStatement,
  readProfileFields,
} from './profile-field-store.ts';
import { readProfile } from './profile-store.ts';
import { editedAccount } from './set-profile.ts';
import type { ProfileEditor } from './set-profile.ts';

/** Appendices, "Common Namespaced Identifier Grammar". */
const NAMESPACED = /^[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)+$/;

/** Throws `400 M_KEY_TOO_LARGE` and `400 M_INVALID_PARAM` for what cannot be the name of a field. */
export function checkProfileKey(name: string): void {
  if (exceedsBytes(name, profileKeyBytesMax)) {
    const message = `The name of a profile field has at most ${profileKeyBytesMax} bytes`;
    throw new MatrixError(400, 'M_KEY_TOO_LARGE', message);
  }
  if (!NAMESPACED.test(name)) throw invalidParam(`Invalid profile key: ${name}`);
}

/** Sets any field but the display name and the avatar. Throws the refusals of the spec. */
export async function setCustomProfileField(
  accounts: Accounts,
  editor: ProfileEditor,
  userId: string,
  name: string,
  value: JsonValue,
): Promise<void> {
  checkProfileKey(name);
  if (name === 'm.tz' && typeof value !== 'string') throw badJson('m.tz must be a string');
  if (checkCanonicalJson({ value }) !== undefined) {
    throw badJson('The value has numbers or texts that are not allowed');
  }
  const { userNid } = await editedAccount(accounts, editor, userId);
  const json = JSON.stringify(value);
  const { reader } = accounts.database;
  const fields = await readProfileFields(reader, userNid);
  fields.set(name, json);
  const profile = await readProfile(reader, userNid);
  const whole = [
    ...[...fields].map(([key, text]) => `${JSON.stringify(key)}:${text}`),
    `"displayname":${canonicalJson(profile?.displayName ?? '')}`,
    `"avatar_url":${canonicalJson(profile?.avatarUrl ?? '')}`,
  ].join(',');
  if (exceedsBytes(whole, profileBytesMax - 2)) {
    const message = `A profile has at most ${profileBytesMax} bytes`;
    throw new MatrixError(400, 'M_PROFILE_TOO_LARGE', message);
  }
  await write(accounts.database, {
    statements: [putProfileFieldStatement(userNid, name, json)],
    positions: 1,
    touches: [{ kind: ChangeKind.userData, subject: userNid }],
  });
}

/** Removes such a field; one that is not there is as good as removed. */
export async function deleteCustomProfileField(
  accounts: Accounts,
  editor: ProfileEditor,
  userId: string,
  name: string,
): Promise<void> {
  checkProfileKey(name);
  const { userNid } = await editedAccount(accounts, editor, userId);
  await write(accounts.database, {
    statements: [deleteProfileFieldStatement(userNid, name)],
    positions: 1,
    touches: [{ kind: ChangeKind.userData, subject: userNid }],
  });
}
