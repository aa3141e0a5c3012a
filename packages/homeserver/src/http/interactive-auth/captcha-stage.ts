import { MatrixError } from '../../errors/matrix-error.ts';
import { completed, failed } from './stage.ts';
import type { Stage } from './stage.ts';

export const CAPTCHA = 'm.login.recaptcha';

/** Whether the service that made the captcha takes the response for a human's. */
export type VerifyCaptcha = (response: string, clientAddress: string) => Promise<boolean>;

/** Client-server API, "Google ReCaptcha". */
export function captchaStage(publicKey: string, verify: VerifyCaptcha): Stage {
  return {
    type: CAPTCHA,
    params: () => ({ public_key: publicKey }),
    async check(auth, _session, { clientAddress }) {
      const { response } = auth;
      if (typeof response !== 'string' || response === '') {
        throw new MatrixError(400, 'M_CAPTCHA_NEEDED', 'The captcha is not solved');
      }
      return (await verify(response, clientAddress))
        ? completed(true)
        : failed('M_CAPTCHA_INVALID', 'The captcha was not accepted');
    },
  };
}
