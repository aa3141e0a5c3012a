import type { Reply } from '../../http/response.ts';
import { ticketPath } from '../../sso/cas/cas-provider.ts';
import type { IdentityProvider, PendingSignIn } from '../../sso/identity-provider.ts';
import { SignInRefused } from '../../sso/sign-in-refused.ts';
import type { SingleSignOn } from '../../sso/single-sign-on.ts';
import { accountEndpoint } from '../services.ts';
import type { AccountServices } from '../services.ts';
import { singleSignOnOf } from './begin-sign-in.ts';
import { completeConfirmation } from './complete-confirmation.ts';
import { completeLogin } from './complete-login.ts';
import { signInCookieOf } from './sign-in-cookie.ts';
import { orRefusal } from './sso-page.ts';

const FORM_BYTES_MAX = 64 * 1024;

const shared = {
  spec: 'SSO client login',
  authentication: 'none',
  errcodes: ['M_UNRECOGNIZED'],
} as const;

const oidc = {
  ...shared,
  paths: ['/_synapse/client/oidc/callback'],
} as const;

const oidcCallback = accountEndpoint({
  ...oidc,
  operationId: 'oidcCallback',
  summary: 'Where an OpenID Connect provider sends the browser back',
  method: 'GET',
  handle: (request, services) => comeBack(services, 'oidc', request, queryOf(request.target)),
});

/** With `response_mode=form_post`. */
const oidcFormCallback = accountEndpoint({
  ...oidc,
  operationId: 'oidcFormCallback',
  summary: 'The same, by a form',
  method: 'POST',
  bodyAs: 'bytes',
  bodyBytesMax: FORM_BYTES_MAX,
  handle: (request, services) =>
    comeBack(services, 'oidc', request, new URLSearchParams(request.body.toString())),
});

const casTicket = accountEndpoint({
  ...shared,
  operationId: 'casTicket',
  summary: 'Where a CAS server sends the browser back',
  method: 'GET',
  paths: [ticketPath, '/_matrix/client/v3/login/cas/ticket'],
  handle: (request, services) => comeBack(services, 'cas', request, queryOf(request.target)),
});

interface CallbackRequest {
  header(name: string): string | undefined;
}

/** Goes on with the sign-in that this browser began, with what the provider says of the user. */
function comeBack(
  services: AccountServices,
  kind: IdentityProvider['kind'],
  request: CallbackRequest,
  answer: URLSearchParams,
): Promise<Reply> {
  const sso = singleSignOnOf(services);
  return orRefusal(sso, request, async () => {
    const { pending, provider } = pendingOf(sso, kind, request, answer);
    const external = await provider.finish(pending, answer);
    const { goal } = pending;
    return goal.kind === 'login'
      ? completeLogin(sso, request, external, goal.redirectUrl)
      : completeConfirmation(sso, services, request, external, goal.sessionId);
  });
}

function pendingOf(
  { seal, providers }: SingleSignOn,
  kind: IdentityProvider['kind'],
  request: CallbackRequest,
  answer: URLSearchParams,
): { readonly pending: PendingSignIn; readonly provider: IdentityProvider } {
  const pending = seal.open(signInCookieOf(request) ?? '');
  const provider = pending === undefined ? undefined : providers.get(pending.providerId);
  if (pending === undefined || pending.state !== answer.get('state') || provider?.kind !== kind) {
    throw new SignInRefused('unknown-session', 'the browser has not begun this sign-in');
  }
  return { pending, provider };
}

function queryOf(target: string): URLSearchParams {
  const at = target.indexOf('?');
  return new URLSearchParams(at === -1 ? '' : target.slice(at + 1));
}

export const callbackEndpoints = [oidcCallback, oidcFormCallback, casTicket];
