import { Type } from 'typebox';

import { html } from '../../html/html.ts';
import { clientPaths } from '../../http/endpoint.ts';
import type { Reply } from '../../http/response.ts';
import type { IdentityProvider } from '../../sso/identity-provider.ts';
import { parseRedirectUrl } from '../../sso/redirect-url.ts';
import { SignInRefused } from '../../sso/sign-in-refused.ts';
import type { SingleSignOn } from '../../sso/single-sign-on.ts';
import { fillText } from '../pages/fill-text.ts';
import { accountEndpoint } from '../services.ts';
import { beginSignIn, singleSignOnOf } from './begin-sign-in.ts';
import { redirectTo } from './sign-in-cookie.ts';
import { orRefusal, ssoPage, ssoTextsFor } from './sso-page.ts';

const shared = {
  spec: 'SSO client login',
  method: 'GET',
  authentication: 'none',
  errcodes: ['M_MISSING_PARAM', 'M_INVALID_PARAM', 'M_UNRECOGNIZED'],
} as const;

const Redirect = Type.Object({
  redirectUrl: Type.String(),
  action: Type.Optional(Type.String()),
});
type Redirect = Type.Static<typeof Redirect>;

interface RedirectRequest {
  readonly query: Redirect;
  header(name: string): string | undefined;
  queryParameter(name: string): string | undefined;
}

const redirectToSSO = accountEndpoint({
  ...shared,
  operationId: 'redirectToSSO',
  summary: 'Go to the identity provider, or choose one',
  paths: clientPaths('/login/sso/redirect', { releases: ['v3', 'r0', 'v1'], apiV1: true }),
  query: Redirect,
  async handle(request, services) {
    const sso = singleSignOnOf(services);
    const redirectUrl = parseRedirectUrl(request.query.redirectUrl);
    const [only, ...others] = sso.providers.values();
    if (only !== undefined && others.length === 0) {
      return orRefusal(sso, request, () => goTo(sso, only, request));
    }
    const query = new URLSearchParams({ redirectUrl });
    if (request.query.action !== undefined) query.set('action', request.query.action);
    return redirectTo(`${sso.baseUrl}_synapse/client/pick_idp?${query.toString()}`);
  },
});

const redirectToIdP = accountEndpoint({
  ...shared,
  operationId: 'redirectToIdP',
  summary: 'Go to an identity provider',
  paths: clientPaths('/login/sso/redirect/{idpId}', {
    releases: ['v3', 'r0', 'v1'],
    apiV1: true,
  }),
  query: Redirect,
  async handle(request, services) {
    const sso = singleSignOnOf(services);
    return orRefusal(sso, request, async () =>
      goTo(sso, providerNamed(sso, request.params.idpId), request),
    );
  },
});

/** As before r0.5: the same with CAS alone. */
const redirectToCas = accountEndpoint({
  ...shared,
  operationId: 'redirectToCas',
  summary: 'Go to the CAS server',
  paths: clientPaths('/login/cas/redirect', { releases: ['v3', 'r0', 'v1'], apiV1: true }),
  query: Redirect,
  deprecated: true,
  async handle(request, services) {
    const sso = singleSignOnOf(services);
    return orRefusal(sso, request, async () => goTo(sso, providerNamed(sso, 'cas'), request));
  },
});

/** Where a client does not let its user choose. */
const pickIdp = accountEndpoint({
  ...shared,
  operationId: 'pickIdp',
  summary: 'A page to choose an identity provider',
  spec: 'Synapse: single sign-on',
  paths: ['/_synapse/client/pick_idp'],
  query: Type.Object({ ...Redirect.properties, idp: Type.Optional(Type.String()) }),
  async handle(request, services) {
    const sso = singleSignOnOf(services);
    const { idp, action } = request.query;
    const redirectUrl = parseRedirectUrl(request.query.redirectUrl);
    const query = new URLSearchParams({ redirectUrl });
    if (action !== undefined) query.set('action', action);
    const address = ({ id }: IdentityProvider): string =>
      `${sso.baseUrl}_matrix/client/v3/login/sso/redirect/${encodeURIComponent(id)}?${query.toString()}`;
    return orRefusal(sso, request, async () => {
      if (idp !== undefined) return redirectTo(address(providerNamed(sso, idp)));
      const local = ssoTextsFor(request);
      const links = [...sso.providers.values()].map(
        (each) =>
          html`<li>
            <a class="button" href="${address(each)}">
              ${fillText(local.sso.continueWith, each.name)}
            </a>
          </li>`,
      );
      const content = html`<p>${local.sso.pickText}</p>
        <ul class="choices">
          ${links}
        </ul>`;
      return ssoPage(sso, local, { title: local.sso.pickTitle, content });
    });
  },
});

function goTo(
  sso: SingleSignOn,
  provider: IdentityProvider,
  request: RedirectRequest,
): Promise<Reply> {
  const { redirectUrl, action } = request.query;
  return beginSignIn(sso, provider, {
    goal: { kind: 'login', redirectUrl: parseRedirectUrl(redirectUrl) },
    wantsRegistration: action === 'register',
    parameter: (name) => request.queryParameter(name),
  });
}

/** Throws a {@link SignInRefused} for a provider that there is not. */
function providerNamed({ providers }: SingleSignOn, id: string): IdentityProvider {
  const provider = providers.get(id);
  if (provider === undefined) throw new SignInRefused('unknown-provider', `no provider is ${id}`);
  return provider;
}

export const redirectEndpoints = [redirectToSSO, redirectToIdP, redirectToCas, pickIdp];
