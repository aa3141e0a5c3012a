import type { Accounts } from '../accounts/accounts.ts';
import { checkPassword } from '../accounts/check-password.ts';
import { isRegistrationTokenValid } from '../accounts/registration-tokens.ts';
import { useProof } from '../accounts/three-pids/use-proof.ts';
import { userIdOf } from '../accounts/user-identifier.ts';
import type { Config } from '../config/config.ts';
import { InteractiveAuth } from '../http/interactive-auth.ts';
import type { Flows } from '../http/interactive-auth.ts';
import { CAPTCHA, captchaStage } from '../http/interactive-auth/captcha-stage.ts';
import { Confirmations } from '../http/interactive-auth/confirmations.ts';
import { dummyStage } from '../http/interactive-auth/dummy-stage.ts';
import { EMAIL_IDENTITY, emailStage } from '../http/interactive-auth/email-stage.ts';
import type { UseEmailProof } from '../http/interactive-auth/email-stage.ts';
import { MemorySessions } from '../http/interactive-auth/memory-sessions.ts';
import { passwordStage } from '../http/interactive-auth/password-stage.ts';
import {
  REGISTRATION_TOKEN,
  registrationTokenStage,
} from '../http/interactive-auth/registration-token-stage.ts';
import type { ReserveToken } from '../http/interactive-auth/registration-token-stage.ts';
import { ssoStage } from '../http/interactive-auth/sso-stage.ts';
import { TERMS, termsStage } from '../http/interactive-auth/terms-stage.ts';
import type { RateLimiters } from './rate-limits.ts';
import { captchaVerifier } from './verify-captcha.ts';

/** Interactive authentication with the stages that this release has. */
export function openInteractiveAuth(
  accounts: Accounts,
  { captcha, consent, email, sessions }: Pick<Config, 'captcha' | 'consent' | 'email' | 'sessions'>,
  limiters: RateLimiters,
): InteractiveAuth {
  return new InteractiveAuth({
    stages: [
      dummyStage,
      passwordStage(async (identifier, password) => {
        const userId = await userIdOf(accounts, identifier);
        return (await checkPassword(accounts, userId, password))?.userId;
      }),
      registrationTokenStage(tokenReserver(accounts)),
      termsStage(consent.policies),
      ssoStage,
      ...(email.mail === undefined ? [] : [emailStage(emailProof(accounts))]),
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
  email,
}: Pick<Config, 'registration' | 'consent' | 'email'>): Flows {
  const first = [
    ...(registration.requiresToken ? [REGISTRATION_TOKEN] : []),
    ...(registration.requiresCaptcha ? [CAPTCHA] : []),
    ...(consent.isRequiredAtRegistration ? [TERMS] : []),
  ];
  return [
    ...(registration.requiresEmail ? [] : [[...first, dummyStage.type]]),
    ...(email.mail === undefined ? [] : [[...first, EMAIL_IDENTITY]]),
  ];
}

/** An address that was proven to make an account, or to get one back, proves nothing else. */
function emailProof(accounts: Accounts): UseEmailProof {
  return (sessionId, clientSecret, path) =>
    useProof({ accounts }, { sessionId, clientSecret }, [
      path.endsWith('/register') ? 'register' : 'password',
    ]);
}

function tokenReserver(accounts: Accounts): ReserveToken {
  return async (token, sessionId) => {
    const isValid = await isRegistrationTokenValid(accounts, token);
    if (isValid) accounts.pendingRegistrations.add(sessionId, token);
    return isValid;
  };
}
