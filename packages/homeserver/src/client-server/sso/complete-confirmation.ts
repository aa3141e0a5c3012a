import { html } from '../../html/html.ts';
import { ssoStage } from '../../http/interactive-auth/sso-stage.ts';
import type { Reply } from '../../http/response.ts';
import type { ExternalUser } from '../../sso/external-user.ts';
import { findKnown } from '../../sso/find-known.ts';
import { SignInRefused } from '../../sso/sign-in-refused.ts';
import type { SingleSignOn } from '../../sso/single-sign-on.ts';
import type { AccountServices } from '../services.ts';
import { withoutCookie } from './sign-in-cookie.ts';
import { ssoPage, ssoTextsFor } from './sso-page.ts';

/** Completes the stage of interactive authentication, if it is the user who began it. Throws a {@link SignInRefused}. */
export async function completeConfirmation(
  sso: SingleSignOn,
  { interactiveAuth }: AccountServices,
  request: { header(name: string): string | undefined },
  external: ExternalUser,
  sessionId: string,
): Promise<Reply> {
  if (!(await interactiveAuth.isKnown(sessionId))) {
    throw new SignInRefused('unknown-session', 'the session of interactive authentication is gone');
  }
  const { userId } = await interactiveAuth.session(sessionId);
  const known = await findKnown(sso.accounts, external);
  if (known === undefined || known.userId !== userId) {
    throw new SignInRefused('other-user', `${known?.userId ?? 'nobody here'} is not ${userId}`);
  }
  await interactiveAuth.completeElsewhere(sessionId, ssoStage.type, userId);
  const local = ssoTextsFor(request);
  return withoutCookie(
    ssoPage(sso, local, {
      title: local.texts.doneTitle,
      script: 'auth-done.js',
      content: html`<p role="status">${local.texts.doneText}</p>`,
    }),
  );
}
