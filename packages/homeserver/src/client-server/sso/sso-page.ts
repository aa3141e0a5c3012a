import { html } from '../../html/html.ts';
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

export interface SsoPage extends Pick<Page, 'title' | 'content' | 'status' | 'script'> {
  /** Where the form of the page leads in the end: a client, or any site. */
  readonly leadsTo?: string;
}

export function ssoPage(
  { accounts }: SingleSignOn,
  { language }: LocalTexts,
  { leadsTo, ...page }: SsoPage,
): Reply {
  const leadsAway = leadsTo === undefined ? false : schemeOf(leadsTo);
  return renderPage({ language, serverName: accounts.serverName, leadsAway, ...page });
}

/** Of an app, what the policy of a page must name; true for a site. */
function schemeOf(address: string): string | true {
  const { protocol } = new URL(address);
  return /^https?:$/.test(protocol) ? true : protocol;
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
