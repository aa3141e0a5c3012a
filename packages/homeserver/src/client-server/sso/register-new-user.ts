import { MatrixError } from '../../errors/matrix-error.ts';
import type { Reply } from '../../http/response.ts';
import { registerExternalUser } from '../../sso/register-external-user.ts';
import type { NewUserSession } from '../../sso/sign-in-sessions.ts';
import type { KnownUser, SingleSignOn } from '../../sso/single-sign-on.ts';
import { detailsPath, leadToClient, termsPath } from './complete-login.ts';
import { detailsPage } from './details-page.ts';
import { redirectTo } from './sign-in-cookie.ts';
import { ssoTextsFor } from './sso-page.ts';

/** Goes on with a new user: to the next question or, when all is known, to the client with a new account. */
export async function registerNewUser(
  sso: SingleSignOn,
  request: { header(name: string): string | undefined },
  id: string,
  session: NewUserSession,
): Promise<Reply> {
  const { choice, external, redirectUrl, hasAcceptedTerms } = session;
  sso.sessions.change(id, session);
  if (choice === undefined) return redirectTo(sso.baseUrl + detailsPath, 303);
  if (sso.requiresConsent && !hasAcceptedTerms) return redirectTo(sso.baseUrl + termsPath, 303);
  let user: KnownUser;
  try {
    user = await registerExternalUser(sso, external, choice);
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
    // Somebody was quicker to take the name.
    const local = ssoTextsFor(request);
    return detailsPage(sso, local, session, choice.localpart, local.sso.nameTaken);
  }
  sso.sessions.takeNewUser(id);
  return leadToClient(sso, request, { user, external, redirectUrl });
}
