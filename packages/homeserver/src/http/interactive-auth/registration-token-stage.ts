import { missingParam } from '../../errors/matrix-error.ts';
import { completed, failed } from './stage.ts';
import type { Stage } from './stage.ts';

export const REGISTRATION_TOKEN = 'm.login.registration_token';

/** Whether the token may be used; if so, the use is counted for the session. */
export type ReserveToken = (token: string, sessionId: string) => Promise<boolean>;

/** Client-server API, "Token-authenticated registration": the result of the stage is the token. */
export function registrationTokenStage(reserve: ReserveToken): Stage {
  return {
    type: REGISTRATION_TOKEN,
    async check(auth, session) {
      const { token } = auth;
      if (typeof token !== 'string') throw missingParam('Missing required field: auth.token');
      return (await reserve(token, session.id))
        ? completed(token)
        : failed('M_UNAUTHORIZED', 'Invalid registration token');
    },
  };
}
