import { missingParam } from '../../errors/matrix-error.ts';
import { PlainText, reply } from '../../http/response.ts';
import { backChannelLogout } from '../../sso/oidc/back-channel-logout.ts';
import { accountEndpoint } from '../services.ts';
import { singleSignOnOf } from './begin-sign-in.ts';

const FORM_BYTES_MAX = 64 * 1024;

export const backChannelLogoutEndpoint = accountEndpoint({
  operationId: 'oidcBackChannelLogout',
  summary: 'An OpenID Connect provider ends a session',
  spec: 'Synapse: single sign-on',
  method: 'POST',
  paths: ['/_synapse/client/oidc/backchannel_logout'],
  authentication: 'none',
  bodyAs: 'bytes',
  bodyBytesMax: FORM_BYTES_MAX,
  errcodes: ['M_UNRECOGNIZED', 'M_MISSING_PARAM', 'M_CONNECTION_FAILED'],
  async handle(request, services) {
    const token = new URLSearchParams(request.body.toString()).get('logout_token');
    const sso = singleSignOnOf(services);
    if (token === null) throw missingParam('Missing form field logout_token');
    await backChannelLogout(sso, token);
    return reply(new PlainText(''));
  },
});
