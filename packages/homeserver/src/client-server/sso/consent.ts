import { grantLogin } from '../../sso/grant-login.ts';
import { SignInRefused } from '../../sso/sign-in-refused.ts';
import { accountEndpoint } from '../services.ts';
import { singleSignOnOf } from './begin-sign-in.ts';
import { consentPath } from './complete-login.ts';
import { redirectTo, signInCookieOf, withoutCookie } from './sign-in-cookie.ts';
import { orRefusal } from './sso-page.ts';

/** Only now is there a token: one that nobody agreed to would stand in the page. */
export const submitConsent = accountEndpoint({
  operationId: 'submitSsoConsent',
  summary: 'The button by which a user lets a client have the login',
  spec: 'SSO client login',
  method: 'POST',
  paths: [`/${consentPath}`],
  authentication: 'none',
  errcodes: ['M_UNRECOGNIZED'],
  handle(request, services) {
    const sso = singleSignOnOf(services);
    return orRefusal(sso, request, async () => {
      const consent = sso.sessions.takeConsent(signInCookieOf(request));
      if (consent === undefined) throw new SignInRefused('unknown-session', 'nobody was asked');
      const { userNid, external, redirectUrl } = consent;
      const location = await grantLogin(sso, userNid, external, redirectUrl);
      return withoutCookie(redirectTo(location, 303));
    });
  },
});
