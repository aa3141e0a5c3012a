import type { Accounts } from '../accounts/accounts.ts';
import { checkPassword } from '../accounts/check-password.ts';
import { isRegistrationTokenValid } from '../accounts/registration-tokens.ts';
import { userIdOf } from '../accounts/user-identifier.ts';
import type { Config } from '../config/config.ts';
import { InteractiveAuth } from '../http/interactive-auth.ts';
import type { Flows } from '../http/interactive-auth.ts';
import { CAPTCHA, captchaStage } from '../http/interactive-auth/captcha-stage.ts';
import { Confirmations } from '../http/interactive-auth/confirmations.ts';
import { dummyStage } from '../http/interactive-auth/dummy-stage.ts';
import { MemorySessions } from '../http/interactive-auth/memory-sessions.ts';
import { passwordStage } from '../http/interactive-auth/password-stage.ts';
import {
  REGISTRATION_TOKEN,
  registrationTokenStage,
} from '../http/interactive-auth/registration-token-stage.ts';
import type { ReserveToken } from '../http/interactive-auth/registration-token-stage.ts';
import { TERMS, termsStage } from '../http/interactive-auth/terms-stage.ts';
import type { RateLimiters } from './rate-limits.ts';
import { captchaVerifier } from './verify-captcha.ts';

/** Interactive authentication with the stages that this release has. */
export function openInteractiveAuth(
  accounts: Accounts,
  { captcha, consent, sessions }: Pick<Config, 'captcha' | 'consent' | 'sessions'>,
  limiters: RateLimiters,
): InteractiveAuth {
  return new InteractiveAuth({
    stages: [
      dummyStage,
      passwordStage(async (identifier, password) => {
        const userId = userIdOf(accounts, identifier);
        return (await checkPassword(accounts, userId, password))?.userId;
      }),
      registrationTokenStage(tokenReserver(accounts)),
      termsStage(consent.policies),
      ...(captcha === undefined ? [] : [captchaStage(captcha.publicKey, captchaVerifier(captcha))]),
    ],
    sessions: new MemorySessions({ now: accounts.now }),
    confirmations: new Confirmations(sessions.uiAuth.sessionTimeoutMs, accounts.now),
    failedAttempts: limiters['rc_login.failed_attempts'],
  });
}

/** What a registration must show, in the order in which Synapse asks for it. */
export function registrationFlows({
  registration,
  consent,
}: Pick<Config, 'registration' | 'consent'>): Flows {
  const stages = [
    ...(registration.requiresToken ? [REGISTRATION_TOKEN] : []),
    ...(registration.requiresCaptcha ? [CAPTCHA] : []),
    ...(consent.isRequiredAtRegistration ? [TERMS] : []),
    dummyStage.type,
  ];
  return [stages];
}

function tokenReserver(accounts: Accounts): ReserveToken {
  return async (token, sessionId) => {
    const isValid = await isRegistrationTokenValid(accounts, token);
    if (isValid) accounts.pendingRegistrations.add(sessionId, token);
    return isValid;
  };
}
