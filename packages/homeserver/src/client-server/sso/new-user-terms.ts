import { html } from '../../html/html.ts';
import { TERMS } from '../../http/interactive-auth/terms-stage.ts';
import { stagePage } from '../pages/stage-pages.ts';
import { accountEndpoint } from '../services.ts';
import { singleSignOnOf } from './begin-sign-in.ts';
import { termsPath } from './complete-login.ts';
import { newUserOf } from './new-user-session.ts';
import { registerNewUser } from './register-new-user.ts';
import { orRefusal, ssoPage, ssoTextsFor } from './sso-page.ts';

const shared = {
  spec: 'Synapse: single sign-on',
  paths: [`/${termsPath}`],
  authentication: 'none',
  errcodes: ['M_UNRECOGNIZED'],
} as const;

const showTerms = accountEndpoint({
  ...shared,
  operationId: 'showNewUserTerms',
  summary: 'A page with what a new user must accept',
  method: 'GET',
  handle(request, services) {
    const sso = singleSignOnOf(services);
    return orRefusal(sso, request, async () => {
      const { session } = newUserOf(sso, request);
      const local = ssoTextsFor(request);
      const { policies } = services.config.consent;
      const page = stagePage(TERMS, local, { policies, captcha: undefined });
      return ssoPage(sso, local, {
        title: local.texts.termsTitle,
        leadsTo: session.redirectUrl,
        content: html`<form method="post" action="${sso.baseUrl}${termsPath}">
          ${page?.fields}
          <button>${page?.button}</button>
        </form>`,
      });
    });
  },
});

const acceptTerms = accountEndpoint({
  ...shared,
  operationId: 'acceptNewUserTerms',
  summary: 'The button on that page',
  method: 'POST',
  handle(request, services) {
    const sso = singleSignOnOf(services);
    return orRefusal(sso, request, async () => {
      const { id, session } = newUserOf(sso, request);
      return registerNewUser(sso, request, id, { ...session, hasAcceptedTerms: true });
    });
  },
});

export const newUserTermsEndpoints = [showTerms, acceptTerms];
