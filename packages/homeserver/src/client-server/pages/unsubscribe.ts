import { Type } from 'typebox';

import { html } from '../../html/html.ts';
import type { Reply } from '../../http/response.ts';
import { readUnsubscription, unsubscribe } from '../../push/pushers/unsubscribe.ts';
import type { Unsubscription } from '../../push/pushers/unsubscribe.ts';
import { clientEndpoint } from '../services.ts';
import type { ClientServices } from '../services.ts';
import { textsFor } from './page-language.ts';
import type { LocalTexts } from './page-language.ts';
import { renderPage } from './page.ts';

const shared = {
  spec: 'Synapse: mails',
  paths: ['/_synapse/client/unsubscribe'],
  authentication: 'none',
  resource: 'client',
  query: Type.Object({
    access_token: Type.String(),
    app_id: Type.String(),
    pushkey: Type.String(),
  }),
  errcodes: ['M_MISSING_PARAM'],
} as const;

type Query = Type.Static<typeof shared.query>;

/** A mail program that looks at every link must not be enough: here somebody presses a button. */
const showUnsubscribe = clientEndpoint({
  ...shared,
  operationId: 'showUnsubscribe',
  summary: 'A page that asks whether no more mails are wanted',
  method: 'GET',
  handle(request, services) {
    const local = textsFor(request.header('accept-language'));
    const { texts, language } = local;
    if (readUnsubscription(services.pushers, wantedIn(request.query)) === undefined) {
      return goneLink(services, local);
    }
    return renderPage({
      language,
      title: texts.unsubscribeTitle,
      serverName: services.config.server.serverName,
      content: html`<p>${texts.unsubscribeText}</p>
        <form method="post">
          <button>${texts.unsubscribeButton}</button>
        </form>`,
    });
  },
});

/** The button on that page, or that of a mail program (RFC 8058). */
const submitUnsubscribe = clientEndpoint({
  ...shared,
  operationId: 'submitUnsubscribe',
  summary: 'End the mails about unread messages',
  method: 'POST',
  async handle(request, services) {
    const local = textsFor(request.header('accept-language'));
    const isOurs = await unsubscribe(services.pushers, wantedIn(request.query));
    if (!isOurs) return goneLink(services, local);
    return renderPage({
      language: local.language,
      title: local.texts.doneTitle,
      serverName: services.config.server.serverName,
      content: html`<p role="status">${local.texts.unsubscribedText}</p>`,
    });
  },
});

function wantedIn({ access_token: token, app_id: appId, pushkey }: Query): Unsubscription {
  return { token, appId, pushkey };
}

function goneLink({ config }: ClientServices, { texts, language }: LocalTexts): Reply {
  return renderPage({
    language,
    title: texts.goneTitle,
    serverName: config.server.serverName,
    status: 400,
    content: html`<p>${texts.linkGoneText}</p>`,
  });
}

export const unsubscribeEndpoints = [showUnsubscribe, submitUnsubscribe];
