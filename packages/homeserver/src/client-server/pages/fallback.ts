import { Type } from 'typebox';

import { MatrixError } from '../../errors/matrix-error.ts';
import { html } from '../../html/html.ts';
import { clientPaths } from '../../http/endpoint.ts';
import type { Reply } from '../../http/response.ts';
import type { AccountServices } from '../services.ts';
import { accountEndpoint } from '../services.ts';
import { textsFor } from './page-language.ts';
import type { LocalTexts } from './page-language.ts';
import { renderPage } from './page.ts';
import { stagePage } from './stage-pages.ts';
import type { StagePage } from './stage-pages.ts';

const FORM_BYTES_MAX = 64 * 1024;

const shared = {
  spec: 'User-Interactive Authentication API',
  paths: clientPaths('/auth/{stage}/fallback/web'),
  authentication: 'none',
  query: Type.Object({ session: Type.String() }),
  errcodes: ['M_MISSING_PARAM'],
} as const;

export const showFallback = accountEndpoint({
  ...shared,
  operationId: 'showAuthFallback',
  summary: 'A page for one stage of interactive authentication',
  method: 'GET',
  async handle(request, services) {
    const local = textsFor(request.header('accept-language'));
    const page = pageOf(request.params.stage, local, services);
    if (page === undefined) return unknownStage(local, services);
    if (!(await services.interactiveAuth.isKnown(request.query.session))) {
      return goneSession(local, services);
    }
    return showStage(page, local, services);
  },
});

export const submitFallback = accountEndpoint({
  ...shared,
  operationId: 'submitAuthFallback',
  summary: 'What was entered on such a page',
  method: 'POST',
  bodyAs: 'bytes',
  bodyBytesMax: FORM_BYTES_MAX,
  async handle(request, services) {
    const local = textsFor(request.header('accept-language'));
    const { stage } = request.params;
    const { session } = request.query;
    const { interactiveAuth } = services;
    const page = pageOf(stage, local, services);
    if (page === undefined) return unknownStage(local, services);
    if (!(await interactiveAuth.isKnown(session))) return goneSession(local, services);
    const auth = page.auth(new URLSearchParams(request.body.toString()));
    const problem = await refusalOf(
      interactiveAuth.completeByPage(session, stage, auth, request),
      page,
      local,
    );
    if (problem !== undefined) return showStage(page, local, services, problem);
    const { language, texts } = local;
    return renderPage({
      language,
      title: texts.doneTitle,
      serverName: services.config.server.serverName,
      script: 'auth-done.js',
      content: html`<p role="status">${texts.doneText}</p>`,
    });
  },
});

function pageOf(
  stage: string,
  local: LocalTexts,
  { config: { consent, captcha } }: AccountServices,
): StagePage | undefined {
  return stagePage(stage, local, { policies: consent.policies, captcha });
}

/** What to tell of an attempt; undefined if it succeeded. */
async function refusalOf(
  attempt: Promise<boolean>,
  page: StagePage,
  { texts }: LocalTexts,
): Promise<string | undefined> {
  try {
    return (await attempt) ? undefined : page.refused;
  } catch (error) {
    if (!(error instanceof MatrixError)) throw error;
    return error.errcode === 'M_LIMIT_EXCEEDED' ? texts.tooManyTries : page.refused;
  }
}

function showStage(
  page: StagePage,
  { language }: LocalTexts,
  { config }: AccountServices,
  problem?: string,
): Reply {
  return renderPage({
    language,
    title: page.title,
    serverName: config.server.serverName,
    status: problem === undefined ? 200 : 400,
    ...(page.guestSite === undefined ? {} : { guestSite: page.guestSite }),
    content: html`<p role="alert">${problem}</p>
      <form method="post">
        ${page.fields}
        <button>${page.button}</button>
      </form>`,
  });
}

function unknownStage({ language, texts }: LocalTexts, { config }: AccountServices): Reply {
  return renderPage({
    language,
    title: texts.unknownTitle,
    serverName: config.server.serverName,
    status: 404,
    content: html`<p>${texts.unknownText}</p>`,
  });
}

function goneSession({ language, texts }: LocalTexts, { config }: AccountServices): Reply {
  return renderPage({
    language,
    title: texts.goneTitle,
    serverName: config.server.serverName,
    status: 400,
    content: html`<p>${texts.goneText}</p>`,
  });
}
