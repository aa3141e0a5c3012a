import { html } from '../../html/html.ts';
import type { Reply } from '../../http/response.ts';
import type { ExternalUser } from '../../sso/external-user.ts';
import { checkMayLogIn, grantLogin } from '../../sso/grant-login.ts';
import { isTrusted, shownAddress } from '../../sso/redirect-url.ts';
import { signIn } from '../../sso/sign-in.ts';
import type { KnownUser, SingleSignOn } from '../../sso/single-sign-on.ts';
import { fillText } from '../pages/fill-text.ts';
import { redirectTo, withCookie, withoutCookie } from './sign-in-cookie.ts';
import { ssoPage, ssoTextsFor } from './sso-page.ts';

export const detailsPath = '_synapse/client/pick_username/account_details';
export const termsPath = '_synapse/client/new_user_consent';
export const consentPath = '_synapse/client/sso_consent';

interface Asking {
  header(name: string): string | undefined;
}

/** Logs in whom a provider has let in, or goes on to ask a new user. */
export async function completeLogin(
  sso: SingleSignOn,
  request: Asking,
  external: ExternalUser,
  redirectUrl: string,
): Promise<Reply> {
  const outcome = await signIn(sso, external);
  if (outcome.kind === 'known') {
    return leadToClient(sso, request, { user: outcome.user, external, redirectUrl });
  }
  const { suggestion, mustChoose } = outcome;
  const choice =
    mustChoose || suggestion === undefined
      ? undefined
      : { localpart: suggestion, usesDisplayName: true, usesPicture: true, usesEmail: true };
  const id = sso.sessions.add({
    kind: 'new-user',
    external,
    redirectUrl,
    suggestion,
    choice,
    hasAcceptedTerms: false,
  });
  const next = sso.baseUrl + (choice === undefined ? detailsPath : termsPath);
  return withCookie(redirectTo(next), sso.baseUrl, id, 'own-page');
}

export interface Login {
  readonly user: KnownUser;
  readonly external: ExternalUser;
  readonly redirectUrl: string;
}

/** Hands the login to the client, once the user agrees where that is not clear. Throws a `SignInRefused`. */
export async function leadToClient(
  sso: SingleSignOn,
  request: Asking,
  { user, external, redirectUrl }: Login,
): Promise<Reply> {
  await checkMayLogIn(sso, user);
  if (isTrusted(redirectUrl, sso.trustedClients)) {
    const location = await grantLogin(sso, user.userNid, external, redirectUrl);
    return withoutCookie(redirectTo(location, 303));
  }
  const { userNid, userId } = user;
  const id = sso.sessions.add({ kind: 'consent', external, userNid, redirectUrl });
  const local = ssoTextsFor(request);
  const { sso: texts } = local;
  const page = ssoPage(sso, local, {
    title: texts.consentTitle,
    leadsTo: redirectUrl,
    content: html`<p>${fillText(texts.consentText, shownAddress(redirectUrl))}</p>
      <p><strong>${userId}</strong></p>
      <p>${texts.consentWarning}</p>
      <form method="post" action="${sso.baseUrl}${consentPath}">
        <button>${local.texts.continue}</button>
      </form>`,
  });
  return withCookie(page, sso.baseUrl, id, 'own-page');
}
