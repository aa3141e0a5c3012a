import { html } from '../../html/html.ts';
import type { Html } from '../../html/html.ts';
import { HtmlText, reply } from '../../http/response.ts';
import type { Reply } from '../../http/response.ts';
import { addressOf } from './static-files.ts';
import type { StaticFile } from './static-files.ts';

export interface Page {
  readonly language: string;
  readonly title: string;
  readonly serverName: string;
  readonly content: Html;
  /** Attributes of `main`, with a space before. */
  readonly attributes?: Html;
  readonly script?: StaticFile;
  /** A page that shows what another site makes. */
  readonly guestSite?: GuestSite;
  readonly status?: number;
  /** Whether its form may lead on to another site, or by which scheme to an app, such as `app.example:`. */
  readonly leadsAway?: boolean | string;
}

/** Whose scripts and frames a page may show. */
export interface GuestSite {
  readonly script: string;
  readonly scripts: readonly string[];
  readonly frames: readonly string[];
}

/** A page of ours: no script or style inside it, so that nothing that is smuggled in would run. */
export function renderPage(page: Page): Reply {
  const { language, title, serverName, content, attributes, script, guestSite, status } = page;
  const document = html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title} – ${serverName}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${addressOf('page.css')}">
${script === undefined ? undefined : html`<script src="${addressOf(script)}" defer></script>`}
${guestSite === undefined ? undefined : html`<script src="${guestSite.script}" async defer></script>`}
</head>
<body>
<main${attributes}>
<h1>${title}</h1>
<p class="server">${serverName}</p>
${content}
</main>
</body>
</html>
`;
  const headers = {
    'Content-Security-Policy': securityPolicy(page),
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  };
  return reply(new HtmlText(document.text), { status: status ?? 200, headers });
}

function securityPolicy({ guestSite, leadsAway = false }: Page): string {
  const scripts = ["'self'", ...(guestSite?.scripts ?? [])].join(' ');
  return [
    "default-src 'none'",
    `script-src ${scripts}`,
    "style-src 'self'",
    'img-src data:',
    "connect-src 'self'",
    ...(guestSite === undefined ? [] : [`frame-src ${guestSite.frames.join(' ')}`]),
    `form-action 'self'${leadsAway === false ? '' : ' https: http:'}${typeof leadsAway === 'string' ? ` ${leadsAway}` : ''}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
