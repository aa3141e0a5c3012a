import { parseUserId, serverNameOf } from '@soma/protocol';
import type { UserId } from '@soma/protocol';

import { badRequest, forbidden, missingParam } from '../errors/matrix-error.ts';
import type { Accounts } from './accounts.ts';
import { canonicalEmail } from './three-pids/canonical-email.ts';
import { readOwnerOfAddress } from './three-pids/three-pid-store.ts';

/** A user identifier object (Client-server API, "Identifier types"), not yet checked. */
export type UserIdentifier = Readonly<Record<string, unknown>>;

/** How a login that failed is answered, whatever was wrong: who asks learns of no account. */
export const INVALID_LOGIN = 'Invalid username or password';

/** The user of this server that an identifier names; undefined where nobody has it. Throws the refusals of a login. */
export async function userIdOf(
  accounts: Accounts,
  identifier: UserIdentifier,
): Promise<UserId | undefined> {
  const { type, user, medium, address } = identifier;
  switch (type) {
    case 'm.id.user':
      if (typeof user !== 'string') throw missingParam('Missing required field: identifier.user');
      return localUserId(accounts, user);
    case 'm.id.thirdparty':
      if (typeof medium !== 'string') throw missingParam('Missing required field: medium');
      if (typeof address !== 'string') throw missingParam('Missing required field: address');
      return ownerOf(accounts, medium, address);
    // No number can be proven here, so it is a login that fails.
    case 'm.id.phone':
      throw forbidden(INVALID_LOGIN);
    default:
      throw badRequest('The type of the identifier is not known');
  }
}

async function ownerOf(
  { database, names }: Accounts,
  medium: string,
  address: string,
): Promise<UserId | undefined> {
  const canonical = medium === 'email' ? canonicalEmail(address) : address;
  const userNid = await readOwnerOfAddress(database.reader, { medium, address: canonical });
  return userNid === undefined ? undefined : parseUserId(await names.users.text(userNid));
}

function localUserId({ serverName }: Accounts, user: string): UserId {
  const userId = parseUserId(user.startsWith('@') ? user : `@${user}:${serverName}`);
  if (userId === undefined) throw forbidden(INVALID_LOGIN);
  if (serverNameOf(userId) !== serverName) throw forbidden('The user is of another server');
  return userId;
}
