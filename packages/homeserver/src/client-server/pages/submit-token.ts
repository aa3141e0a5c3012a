import { Type } from 'typebox';

import { submitPaths } from '../../accounts/three-pids/request-validation.ts';
import { submitToken } from '../../accounts/three-pids/submit-token.ts';
import type { Purpose } from '../../accounts/three-pids/validation-session-store.ts';
import { html } from '../../html/html.ts';
import type { Html } from '../../html/html.ts';
import { reply } from '../../http/response.ts';
import type { Reply } from '../../http/response.ts';
import { accountEndpoint } from '../services.ts';
import type { AccountServices } from '../services.ts';
import { textsFor } from './page-language.ts';
import { renderPage } from './page.ts';

const shared = {
  spec: 'Account management',
  authentication: 'none',
  resource: 'client',
  errcodes: ['M_MISSING_PARAM'],
} as const;

/** What a link in a mail says of itself. */
const Submitted = Type.Object({
  token: Type.String(),
  client_secret: Type.String(),
  sid: Type.String(),
});

/** The link of a mail that proves an address. */
function submitLink(purpose: 'register' | 'add', operationId: string) {
  return accountEndpoint({
    ...shared,
    operationId,
    summary: 'The link in a mail that proves an address',
    method: 'GET',
    paths: [submitPaths[purpose]],
    query: Submitted,
    handle: (request, services) =>
      submit(services, purpose, request.query, request.header('accept-language')),
  });
}

/** A mail program that looks at every link must not be enough for a new password: here somebody presses a button. */
const showPasswordReset = accountEndpoint({
  ...shared,
  operationId: 'showPasswordReset',
  summary: 'A page that asks whether a new password is really wanted',
  method: 'GET',
  paths: [submitPaths.password],
  query: Submitted,
  handle(request, services) {
    const { language, texts } = textsFor(request.header('accept-language'));
    return renderPage({
      language,
      title: texts.resetTitle,
      serverName: services.config.server.serverName,
      leadsAway: true,
      content: html`<p>${texts.resetText}</p>
        <form method="post">
          <button>${texts.resetButton}</button>
        </form>`,
    });
  },
});

const submitPasswordReset = accountEndpoint({
  ...shared,
  operationId: 'submitPasswordReset',
  summary: 'The button on that page',
  method: 'POST',
  paths: [submitPaths.password],
  query: Submitted,
  handle: (request, services) =>
    submit(services, 'password', request.query, request.header('accept-language')),
});

async function submit(
  services: AccountServices,
  purpose: Purpose,
  { sid, client_secret: clientSecret, token }: Type.Static<typeof Submitted>,
  acceptLanguage: string | undefined,
): Promise<Reply> {
  const { threePids } = services;
  const outcome = await submitToken(threePids, { purpose, sessionId: sid, clientSecret, token });
  const { language, texts } = textsFor(acceptLanguage);
  if (!outcome.isValid) {
    return page(services, language, texts.goneTitle, 400, html`<p>${texts.linkGoneText}</p>`);
  }
  if (outcome.nextLink !== undefined) {
    return reply({}, { status: 302, headers: { Location: outcome.nextLink } });
  }
  const content = html`<p role="status">${texts.doneText}</p>`;
  return page(services, language, texts.doneTitle, 200, content);
}

function page(
  { config }: AccountServices,
  language: string,
  title: string,
  status: number,
  content: Html,
): Reply {
  return renderPage({ language, title, serverName: config.server.serverName, status, content });
}

export const submitTokenEndpoints = [
  submitLink('register', 'submitRegistrationToken'),
  submitLink('add', 'submitAddedAddressToken'),
  showPasswordReset,
  submitPasswordReset,
];
