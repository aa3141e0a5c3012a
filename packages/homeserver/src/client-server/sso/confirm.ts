import { Type } from 'typebox';

import { html } from '../../html/html.ts';
import { clientPaths } from '../../http/endpoint.ts';
import type { InteractiveSession } from '../../http/interactive-auth/session-store.ts';
import { readExternalIds } from '../../sso/external-id-store.ts';
import type { IdentityProvider } from '../../sso/identity-provider.ts';
import { SignInRefused } from '../../sso/sign-in-refused.ts';
import type { SingleSignOn } from '../../sso/single-sign-on.ts';
import { fillText } from '../pages/fill-text.ts';
import type { ConfirmedOperation } from '../pages/sso-catalogue.ts';
import { accountEndpoint } from '../services.ts';
import type { AccountServices } from '../services.ts';
import { beginSignIn, singleSignOnOf } from './begin-sign-in.ts';
import { orRefusal, ssoPage, ssoTextsFor } from './sso-page.ts';

const FORM_BYTES_MAX = 16 * 1024;

const shared = {
  spec: 'User-Interactive Authentication API',
  paths: clientPaths('/auth/m.login.sso/fallback/web'),
  authentication: 'none',
  query: Type.Object({ session: Type.String() }),
  errcodes: ['M_MISSING_PARAM', 'M_UNRECOGNIZED'],
} as const;

/** Nobody is sent to the provider without a word: it may let them in without asking, too. */
const showConfirmation = accountEndpoint({
  ...shared,
  operationId: 'showSsoConfirmation',
  summary: 'A page that asks a user to confirm something by logging in again',
  method: 'GET',
  handle(request, services) {
    const sso = singleSignOnOf(services);
    return orRefusal(sso, request, async () => {
      const { session, providers } = await confirmationOf(sso, services, request.query.session);
      const local = ssoTextsFor(request);
      const { sso: texts } = local;
      const buttons = providers.map(
        ({ id, name }) =>
          html`<button name="idp" value="${id}">${fillText(texts.continueWith, name)}</button>`,
      );
      return ssoPage(sso, local, {
        title: texts.confirmTitle,
        // The provider, whose address is not known yet.
        leadsTo: sso.baseUrl,
        content: html`<p>${texts.operations[operationOf(session.path)]}</p>
          <p><strong>${session.userId}</strong></p>
          <p>${texts.confirmWarning}</p>
          <form method="post" class="choices">${buttons}</form>`,
      });
    });
  },
});

const submitConfirmation = accountEndpoint({
  ...shared,
  operationId: 'submitSsoConfirmation',
  summary: 'The button on that page, which leads to the provider',
  method: 'POST',
  bodyAs: 'bytes',
  bodyBytesMax: FORM_BYTES_MAX,
  handle(request, services) {
    const sso = singleSignOnOf(services);
    return orRefusal(sso, request, async () => {
      const { session, providers } = await confirmationOf(sso, services, request.query.session);
      const wanted = new URLSearchParams(request.body.toString()).get('idp');
      const provider = providers.find(({ id }) => id === wanted);
      if (provider === undefined) {
        throw new SignInRefused('unknown-provider', 'the user is not known there');
      }
      const goal = { kind: 'confirm', sessionId: session.id } as const;
      const start = { goal, wantsRegistration: false, parameter: () => undefined };
      return beginSignIn(sso, provider, start, 303);
    });
  },
});

/** A session of interactive authentication, with the providers that know its user. Throws a {@link SignInRefused}. */
async function confirmationOf(
  sso: SingleSignOn,
  { interactiveAuth, accounts }: AccountServices,
  sessionId: string,
): Promise<{
  readonly session: InteractiveSession;
  readonly providers: readonly IdentityProvider[];
}> {
  const session = (await interactiveAuth.isKnown(sessionId))
    ? await interactiveAuth.session(sessionId)
    : undefined;
  const userNid =
    session?.userId === undefined ? undefined : await accounts.names.users.find(session.userId);
  if (session === undefined || userNid === undefined) {
    throw new SignInRefused('unknown-session', 'no such session of interactive authentication');
  }
  const providers = await providersOfUser(sso, userNid);
  if (providers.length === 0) {
    throw new SignInRefused('unknown-provider', `no provider knows ${session.userId}`);
  }
  return { session, providers };
}

/** Where a user can log in. */
export async function providersOfUser(
  { accounts, providers }: SingleSignOn,
  userNid: number,
): Promise<IdentityProvider[]> {
  const ids = await readExternalIds(accounts.database.reader, userNid);
  const known = new Set(ids.map(({ authProvider }) => authProvider));
  return [...providers.values()].filter(({ id }) => known.has(id));
}

const operations: readonly (readonly [RegExp, ConfirmedOperation])[] = [
  [/\/devices\/|\/delete_devices$/, 'device'],
  [/\/account\/password$/, 'password'],
  [/\/account\/3pid/, 'address'],
  [/\/keys\/device_signing\/upload$/, 'keys'],
  [/\/account\/deactivate$/, 'account'],
];

function operationOf(path: string): ConfirmedOperation {
  return operations.find(([pattern]) => pattern.test(path))?.[1] ?? 'other';
}

export const confirmEndpoints = [showConfirmation, submitConfirmation];
