import { parseUserId, serverNameOf } from '@soma/protocol';
import type { UserId } from '@soma/protocol';

import { badRequest, forbidden, missingParam } from '../errors/matrix-error.ts';
import type { Accounts } from './accounts.ts';

/** A user identifier object (Client-server API, "Identifier types"), not yet checked. */
export type UserIdentifier = Readonly<Record<string, unknown>>;

/** How a login that failed is answered, whatever was wrong: who asks learns of no account. */
export const INVALID_LOGIN = 'Invalid username or password';

/** The user of this server that an identifier names. Throws the refusals of a login. */
export function userIdOf(accounts: Accounts, identifier: UserIdentifier): UserId {
  const { type, user } = identifier;
  switch (type) {
    case 'm.id.user':
      if (typeof user !== 'string') throw missingParam('Missing required field: identifier.user');
      return localUserId(accounts, user);
    // No account has an address yet, and an unknown one is a login that fails.
    case 'm.id.thirdparty':
    case 'm.id.phone':
      throw forbidden(INVALID_LOGIN);
    default:
      throw badRequest('The type of the identifier is not known');
  }
}

function localUserId({ serverName }: Accounts, user: string): UserId {
  const userId = parseUserId(user.startsWith('@') ? user : `@${user}:${serverName}`);
  if (userId === undefined) throw forbidden(INVALID_LOGIN);
  if (serverNameOf(userId) !== serverName) throw forbidden('The user is of another server');
  return userId;
}
