import { localpart } from '@soma/protocol';

import { forbidden } from '../errors/matrix-error.ts';
import { ChangeKind } from '../storage/change.ts';
import { isStillGuest, upgradeGuestStatement } from './account-store.ts';
import type { Accounts } from './accounts.ts';
import { hashPassword } from './password-hash.ts';
import { prepareSession } from './prepare-session.ts';
import { insertMissingNameStatement } from './profile-store.ts';
import type { Registered, Registration } from './register-account.ts';
import { completeRegistrationTokenStatement } from './registration-token-store.ts';
import {
  ADDRESS_IS_FREE,
  addressIsFree,
  putThreePidStatement,
} from './three-pids/three-pid-store.ts';
import { addressInUse } from './three-pids/three-pids.ts';
import type { TokenOwner } from './token-cache.ts';

/**
 * The guest who wants to become a user (Client-server API, "Guest access"). Throws `403 M_FORBIDDEN` unless the
 * token is a guest's and the user name the guest's own.
 */
export async function upgradingGuest(
  accounts: Accounts,
  guestToken: string,
  username: string | undefined,
): Promise<TokenOwner> {
  const guest = await accounts.tokens.load(guestToken);
  if (guest === undefined || !guest.isGuest || localpart(guest.userId) !== username) {
    throw forbidden('The guest access token is not that of a guest of this user name');
  }
  return guest;
}

/** Makes a user of a guest, who keeps user ID, rooms and devices. */
export async function upgradeGuest(
  accounts: Accounts,
  guest: TokenOwner,
  registration: Pick<Registration, 'session' | 'registrationToken' | 'threePid'> & {
    readonly password: string;
  },
): Promise<Registered> {
  const { userId, userNid } = guest;
  const { registrationToken, threePid, session: request } = registration;
  const { pepper } = accounts.config.passwords;
  const passwordHash = await hashPassword(registration.password, { pepper });
  const session =
    request === undefined ? undefined : await prepareSession(accounts, guest, request);
  const outcome = await accounts.database.submit({
    guards: [isStillGuest(userNid), ...(threePid === undefined ? [] : [addressIsFree(threePid)])],
    statements: [
      upgradeGuestStatement(userNid, passwordHash),
      insertMissingNameStatement(userNid, localpart(userId)),
      ...(registrationToken === undefined
        ? []
        : [completeRegistrationTokenStatement(registrationToken)]),
      ...(threePid === undefined
        ? []
        : [putThreePidStatement(userNid, { ...threePid, addedTs: accounts.now() })]),
      ...(session?.statements ?? []),
    ],
    positions: 1,
    touches: [{ kind: ChangeKind.account, subject: userNid }, ...(session?.touches ?? [])],
  }).done;
  if (outcome.outcome === 'refused') {
    if (outcome.guard === ADDRESS_IS_FREE) throw addressInUse();
    throw forbidden('The guest has become a user already');
  }
  return { userId, session: session?.session };
}
