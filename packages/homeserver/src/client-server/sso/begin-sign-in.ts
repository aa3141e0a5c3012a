import { randomBytes } from 'node:crypto';

import { unrecognized } from '../../errors/matrix-error.ts';
import type { Reply } from '../../http/response.ts';
import type { IdentityProvider, SignInGoal } from '../../sso/identity-provider.ts';
import type { SingleSignOn } from '../../sso/single-sign-on.ts';
import type { AccountServices } from '../services.ts';
import { redirectTo, withCookie } from './sign-in-cookie.ts';

const RANDOM_BYTES = 32;

export interface SignInStart {
  readonly goal: SignInGoal;
  readonly wantsRegistration: boolean;
  parameter(name: string): string | undefined;
}

/** Sends the browser to a provider, with a cookie that lets nobody else come back. */
export async function beginSignIn(
  sso: SingleSignOn,
  provider: IdentityProvider,
  { goal, wantsRegistration, parameter }: SignInStart,
  status: 302 | 303 = 302,
): Promise<Reply> {
  const state = randomBytes(RANDOM_BYTES).toString('base64url');
  const nonce = randomBytes(RANDOM_BYTES).toString('base64url');
  const wish = { state, nonce, wantsRegistration, parameter };
  const { location, codeVerifier } = await provider.begin(wish);
  const sealed = sso.seal.seal({ providerId: provider.id, goal, state, nonce, codeVerifier });
  return withCookie(redirectTo(location, status), sso.baseUrl, sealed, 'provider');
}

/** Throws `404 M_UNRECOGNIZED` where the operator has named no provider. */
export function singleSignOnOf({ singleSignOn }: AccountServices): SingleSignOn {
  if (singleSignOn === undefined) throw unrecognized();
  return singleSignOn;
}
