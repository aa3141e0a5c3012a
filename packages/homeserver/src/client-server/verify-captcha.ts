import type { CaptchaConfig } from '../config/config.ts';
import type { VerifyCaptcha } from '../http/interactive-auth/captcha-stage.ts';

const TIMEOUT_MS = 10_000;

/** Asks the service that the operator has named. Throws where it cannot be reached. */
export function captchaVerifier({ siteverifyApi, privateKey }: CaptchaConfig): VerifyCaptcha {
  return async (response, clientAddress) => {
    const answer = await fetch(siteverifyApi, {
      method: 'POST',
      body: new URLSearchParams({ secret: privateKey, response, remoteip: clientAddress }),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const verdict: unknown = await answer.json();
    return (
      typeof verdict === 'object' &&
      verdict !== null &&
      'success' in verdict &&
      verdict.success === true
    );
  };
}
