import type { Accounts } from '../accounts/accounts.ts';
import { checkPassword } from '../accounts/check-password.ts';
import { userIdOf } from '../accounts/user-identifier.ts';
import { InteractiveAuth } from '../http/interactive-auth.ts';
import { dummyStage } from '../http/interactive-auth/dummy-stage.ts';
import { MemorySessions } from '../http/interactive-auth/memory-sessions.ts';
import { passwordStage } from '../http/interactive-auth/password-stage.ts';
import type { RateLimiters } from './rate-limits.ts';

/** Interactive authentication with the stages that this release has. */
export function openInteractiveAuth(accounts: Accounts, limiters: RateLimiters): InteractiveAuth {
  return new InteractiveAuth({
    stages: [
      dummyStage,
      passwordStage(async (identifier, password) => {
        const userId = userIdOf(accounts, identifier);
        return (await checkPassword(accounts, userId, password))?.userId;
      }),
    ],
    sessions: new MemorySessions({ now: accounts.now }),
    failedAttempts: limiters['rc_login.failed_attempts'],
  });
}
