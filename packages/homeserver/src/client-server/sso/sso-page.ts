import { html } from '../../html/html.ts';
import type { Html } from '../../html/html.ts';
import type { Reply } from '../../http/response.ts';
import { SignInRefused } from '../../sso/sign-in-refused.ts';
import type { SingleSignOn } from '../../sso/single-sign-on.ts';
import { textsFor } from '../pages/page-language.ts';
import type { LocalTexts } from '../pages/page-language.ts';
import { renderPage } from '../pages/page.ts';
import type { Page } from '../pages/page.ts';
import { ssoCatalogue } from '../pages/sso-catalogue.ts';
import type { SsoTexts } from '../pages/sso-catalogue.ts';

interface Asking {
  header(name: string): string | undefined;
}

export interface SsoLocalTexts extends LocalTexts {
  readonly sso: SsoTexts;
}

export function ssoTextsFor(request: Asking): SsoLocalTexts {
  const local = textsFor(request.header('accept-language'));
  return { ...local, sso: ssoCatalogue[local.language] };
}

export function ssoPage(
  { accounts }: SingleSignOn,
  { language }: LocalTexts,
  page: { readonly title: string; readonly content: Html } & Pick<
    Page,
    'status' | 'leadsAway' | 'script'
  >,
): Reply {
  return renderPage({ language, serverName: accounts.serverName, ...page });
}

/** What `answer` gives or, where it refuses the sign-in, a page that says so. */
export async function orRefusal(
  sso: SingleSignOn,
  request: Asking,
  answer: () => Promise<Reply>,
): Promise<Reply> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof SignInRefused)) throw error;
    const { reason, status } = error;
    sso.logger[status === 502 ? 'warn' : 'info']({ err: error, reason }, 'a sign-in was refused');
    const local = ssoTextsFor(request);
    return ssoPage(sso, local, {
      title: local.sso.refusedTitle,
      status,
      content: html`<p role="alert">${local.sso.refusals[reason]}</p>`,
    });
  }
}
