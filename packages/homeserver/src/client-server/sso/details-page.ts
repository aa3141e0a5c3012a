import { html } from '../../html/html.ts';
import type { Html } from '../../html/html.ts';
import type { Reply } from '../../http/response.ts';
import type { NewUserSession } from '../../sso/sign-in-sessions.ts';
import type { SingleSignOn } from '../../sso/single-sign-on.ts';
import { usableDisplayName } from '../../sso/update-profile.ts';
import { fillText } from '../pages/fill-text.ts';
import { detailsPath } from './complete-login.ts';
import { ssoPage } from './sso-page.ts';
import type { SsoLocalTexts } from './sso-page.ts';

/** Asks a new user for a name, with what is wrong with the one before. */
export function detailsPage(
  sso: SingleSignOn,
  local: SsoLocalTexts,
  { external, redirectUrl }: NewUserSession,
  name: string,
  problem?: string,
): Reply {
  const { texts, sso: ssoTexts } = local;
  const { displayName, email, pictureUrl, provider } = external;
  const shownName = usableDisplayName(displayName);
  return ssoPage(sso, local, {
    title: ssoTexts.newUserTitle,
    status: problem === undefined ? 200 : 400,
    leadsTo: redirectUrl,
    content: html`<p>${fillText(ssoTexts.newUserText, provider.name)}</p>
      <p role="alert">${problem}</p>
      <form method="post" action="${sso.baseUrl}${detailsPath}">
        <label for="username">${texts.userName}</label>
        <input
          id="username"
          name="username"
          value="${name}"
          autocomplete="username"
          autocapitalize="none"
          spellcheck="false"
          aria-describedby="hint"
          required
          autofocus
        />
        <p id="hint">${ssoTexts.userNameHint}</p>
        ${choiceOf('use_display_name', shownName, ssoTexts.takeDisplayName)}
        ${choiceOf('use_email', email, ssoTexts.takeEmail)}
        ${choiceOf('use_avatar', pictureUrl, ssoTexts.takePicture)}
        <button>${texts.continue}</button>
      </form>`,
  });
}

function choiceOf(name: string, value: string | undefined, text: string): Html | undefined {
  if (value === undefined) return undefined;
  return html`<label class="choice">
    <input type="checkbox" name="${name}" value="true" checked />
    ${fillText(text, value)}
  </label>`;
}
