import { newUserId } from '@soma/protocol';
import { localpart } from '@soma/protocol';
import type { UserId } from '@soma/protocol';

import { ChangeKind } from '../storage/change.ts';
import type { Guard } from '../storage/change.ts';
import type { Statement } from '../storage/sql.ts';
import { insertAccountStatement, nameIsFree } from './account-store.ts';
import type { Accounts } from './accounts.ts';
import { checkUsername, usernameInUse } from './check-username.ts';
import { hashPassword } from './password-hash.ts';
import { prepareSession } from './prepare-session.ts';
import type { Session, SessionRequest } from './prepare-session.ts';
import { insertProfileStatement } from './profile-store.ts';
import { completeRegistrationTokenStatement } from './registration-token-store.ts';
import {
  ADDRESS_IS_FREE,
  addressIsFree,
  putThreePidStatement,
} from './three-pids/three-pid-store.ts';
import { addressInUse } from './three-pids/three-pids.ts';
import type { ProvenAddress } from './three-pids/use-proof.ts';

export interface Registration {
  /** In any case; undefined for a name of the server's choice. */
  readonly username: string | undefined;
  /** Instead of a name, for an application service: within its namespace, and of the historical grammar at least. */
  readonly ofService?: { readonly id: string; readonly userId: UserId };
  /** Undefined for an account that no password opens. Its policy is the caller's to check. */
  readonly password: string | undefined;
  readonly isAdmin?: boolean;
  readonly isGuest?: boolean;
  readonly userType?: string | undefined;
  /** Default: the localpart, as with Synapse; none for a guest. */
  readonly displayName?: string | undefined;
  /** Undefined where nobody is to be logged in. */
  readonly session: SessionRequest | undefined;
  /** The address that the user has proven. */
  readonly threePid?: ProvenAddress | undefined;
  /** The registration token that it was allowed by. */
  readonly registrationToken?: string | undefined;
  /** What else must hold and is written, e.g. who the user is at an identity provider. */
  readonly alongside?: {
    readonly guards: readonly Guard[];
    statements(userNid: number): readonly Statement[];
  };
}

export interface Registered {
  readonly userId: UserId;
  readonly session: Session | undefined;
}

/**
 * Makes an account, with a session if one is asked for. Of two registrations of one name at the same time
 * exactly one succeeds. Throws `400 M_INVALID_USERNAME`, `400 M_EXCLUSIVE` and `400 M_USER_IN_USE`, the last also
 * where a guard of `alongside` does not hold.
 */
export async function registerAccount(
  accounts: Accounts,
  registration: Registration,
): Promise<Registered> {
  const { username, password, ofService } = registration;
  const { pepper } = accounts.config.passwords;
  const passwordHash =
    password === undefined ? undefined : await hashPassword(password, { pepper });
  if (username !== undefined || ofService !== undefined) {
    const userId = ofService?.userId ?? checkUsername(accounts, (username ?? '').toLowerCase());
    const registered = await tryRegister(accounts, userId, passwordHash, registration);
    if (registered === undefined) throw usernameInUse();
    return registered;
  }
  for (;;) {
    const userId = newUserId(String(await accounts.numericLocalparts.next()), accounts.serverName);
    if (userId === undefined) throw new Error('the server name leaves no room for a user ID');
    if (accounts.isReserved(userId)) continue;
    const registered = await tryRegister(accounts, userId, passwordHash, registration);
    if (registered !== undefined) return registered;
  }
}

/** Undefined if the name is taken, or a guard of `alongside` does not hold. */
async function tryRegister(
  accounts: Accounts,
  userId: UserId,
  passwordHash: string | undefined,
  registration: Registration,
): Promise<Registered | undefined> {
  const { isAdmin = false, isGuest = false, userType, session: request } = registration;
  const { registrationToken, threePid, ofService, alongside } = registration;
  const serviceId = ofService?.id;
  const userNid = await accounts.names.users.intern(userId);
  const session =
    request === undefined
      ? undefined
      : await prepareSession(accounts, { userId, userNid }, { ...request, isGuest });
  const createdTs = accounts.now();
  const displayName = registration.displayName ?? (isGuest ? undefined : localpart(userId));
  const outcome = await accounts.database.submit({
    guards: [
      nameIsFree(userNid),
      ...(threePid === undefined ? [] : [addressIsFree(threePid)]),
      ...(alongside?.guards ?? []),
    ],
    statements: [
      insertAccountStatement({
        userNid,
        passwordHash,
        isAdmin,
        isGuest,
        userType,
        createdTs,
        serviceId,
      }),
      insertProfileStatement(userNid, displayName),
      ...(session?.statements ?? []),
      ...(registrationToken === undefined
        ? []
        : [completeRegistrationTokenStatement(registrationToken)]),
      ...(threePid === undefined
        ? []
        : [putThreePidStatement(userNid, { ...threePid, addedTs: createdTs })]),
      ...(alongside?.statements(userNid) ?? []),
    ],
    positions: 1,
    touches: [{ kind: ChangeKind.account, subject: userNid }, ...(session?.touches ?? [])],
  }).done;
  if (outcome.outcome === 'applied') return { userId, session: session?.session };
  if (outcome.guard === ADDRESS_IS_FREE) throw addressInUse();
  return undefined;
}
