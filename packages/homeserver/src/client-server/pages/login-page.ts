import { html } from '../../html/html.ts';
import { accountEndpoint } from '../services.ts';
import { textsFor } from './page-language.ts';
import { renderPage } from './page.ts';
import { ssoCatalogue } from './sso-catalogue.ts';

export const loginPage = accountEndpoint({
  operationId: 'loginFallback',
  summary: 'A page to log in with, for clients that cannot',
  spec: 'Legacy login',
  method: 'GET',
  paths: ['/_matrix/static/client/login/', '/_matrix/static/client/login'],
  authentication: 'none',
  errcodes: [],
  handle(request, { config }) {
    const { language, texts } = textsFor(request.header('accept-language'));
    return renderPage({
      language,
      title: texts.logIn,
      serverName: config.server.serverName,
      script: 'login.js',
      attributes: html` data-done="${texts.loggedIn}" data-refused="${texts.wrongPassword}"
      data-limited="${texts.tooManyTries}" data-deactivated="${texts.deactivated}"
      data-locked="${texts.locked}" data-unavailable="${texts.noPasswords}"
      data-failed="${texts.failed}" data-with="${ssoCatalogue[language].continueWith}"`,
      content: html`<noscript><p>${texts.needsScript}</p></noscript>
        <p id="status" role="status">${texts.pleaseWait}</p>
        <p id="problem" role="alert"></p>
        <form hidden>
          <label for="user">${texts.userName}</label>
          <input
            id="user"
            name="user"
            autocomplete="username"
            autocapitalize="none"
            spellcheck="false"
            required
          />
          <label for="password">${texts.password}</label>
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="current-password"
            required
          />
          <button>${texts.logIn}</button>
        </form>
        <ul id="providers" class="choices" hidden></ul>`,
    });
  },
});
