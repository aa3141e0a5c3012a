import { parseUserId } from '@soma/protocol';

import type { Accounts } from '../accounts/accounts.ts';
import { findAccount } from '../accounts/find-account.ts';
import type { SessionRequest } from '../accounts/prepare-session.ts';
import { registerAccount } from '../accounts/register-account.ts';
import type { Registered, Registration } from '../accounts/register-account.ts';
import { startSession } from '../accounts/start-session.ts';
import { checkAllowed } from '../accounts/three-pids/three-pids.ts';
import { provenAddressIn } from '../accounts/three-pids/use-proof.ts';
import type { ProvenAddress } from '../accounts/three-pids/use-proof.ts';
import { upgradeGuest, upgradingGuest } from '../accounts/upgrade-guest.ts';
import type { InteractiveOutcome } from '../http/interactive-auth.ts';
import { EMAIL_IDENTITY } from '../http/interactive-auth/email-stage.ts';
import { REGISTRATION_TOKEN } from '../http/interactive-auth/registration-token-stage.ts';
import { textIn } from './body-fields.ts';
import type { AccountServices } from './services.ts';
import { sessionIn, toClientTokens } from './session-answer.ts';

const REGISTERED = 'registered_user_id';

type Body = Readonly<Record<string, unknown>>;

/**
 * Makes the account that a completed authentication is for. A client that lost the answer and asks again
 * gets another session of the same account, not M_USER_IN_USE.
 */
export async function registerOnce(
  services: AccountServices,
  outcome: InteractiveOutcome,
  password: string,
  clientAddress: string,
): Promise<object> {
  const { accounts, rateLimits } = services;
  const session = sessionWanted(outcome.body);
  const userId = parseUserId(outcome.data.get(REGISTERED));
  const account = userId === undefined ? undefined : await findAccount(accounts, userId);
  if (userId !== undefined && account !== undefined) {
    const { userNid } = account;
    const started =
      session === undefined
        ? undefined
        : await startSession(accounts, { userId, userNid }, session);
    return toClientRegistration({ userId, session: started }, accounts.serverName);
  }
  rateLimits.rc_registration.check(clientAddress);
  const threePid = provenAddressOf(outcome);
  if (threePid !== undefined) checkAllowed(services.threePids.config, threePid);
  const registered = await makeAccount(accounts, outcome, { password, session, threePid });
  await outcome.remember(REGISTERED, registered.userId);
  if (threePid !== undefined) {
    const userNid = await accounts.names.users.intern(registered.userId);
    await services.notifyByMail(userNid, threePid.address);
  }
  await services.joinFirstRooms({ userId: registered.userId, isGuest: false });
  return toClientRegistration(registered, accounts.serverName);
}

/** A new account or, with a guest's access token, the guest's. */
async function makeAccount(
  accounts: Accounts,
  { body, results, sessionId }: InteractiveOutcome,
  given: Pick<Registration, 'session' | 'threePid'> & { readonly password: string },
): Promise<Registered> {
  const username = textIn(body, 'username');
  const guestToken = textIn(body, 'guest_access_token');
  const token = results.get(REGISTRATION_TOKEN);
  const registrationToken = typeof token === 'string' ? token : undefined;
  const wishes = { ...given, registrationToken };
  const registered =
    guestToken === undefined
      ? await registerAccount(accounts, { username, ...wishes })
      : await upgradeGuest(accounts, await upgradingGuest(accounts, guestToken, username), wishes);
  accounts.pendingRegistrations.remove(sessionId);
  return registered;
}

/** The address that somebody has proven on the way. */
export function provenAddressOf({ results }: InteractiveOutcome): ProvenAddress | undefined {
  return provenAddressIn(results.get(EMAIL_IDENTITY));
}

/** Whom the session of a request has registered already. Throws for a session that is not known. */
export async function registeredUser(
  { interactiveAuth }: AccountServices,
  body: { readonly auth?: object },
): Promise<unknown> {
  const { session }: { session?: unknown } = body.auth ?? {};
  if (typeof session !== 'string') return undefined;
  return (await interactiveAuth.session(session)).data.get(REGISTERED);
}

export function toClientRegistration(registered: Registered, serverName: string): object {
  const { userId, session } = registered;
  return {
    user_id: userId,
    home_server: serverName,
    ...(session === undefined ? {} : { ...toClientTokens(session), device_id: session.deviceId }),
  };
}

/** The session that a registration asks for; undefined if it asks for none. */
export function sessionWanted(body: Body): SessionRequest | undefined {
  if (body['inhibit_login'] === true) return undefined;
  return sessionIn(body);
}
