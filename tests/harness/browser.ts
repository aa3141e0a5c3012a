import axe from 'axe-core';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';

import { listAt, valueAt } from './json-path.ts';

export type { Page } from 'playwright-core';

/** The Chromium that tests of pages use; undefined where there is none. */
export const chromiumPath = process.env['SOMA_TEST_CHROMIUM'];

/** Why tests of pages do not run, for their `skip` option; false where they do. */
export const noChromium =
  chromiumPath === undefined &&
  'SOMA_TEST_CHROMIUM is not set; `npm test` finds a Chromium and sets it';

/** A headless Chromium without a sandbox, which root could not have; it only sees pages of ours. */
export function startBrowser(executablePath = chromiumPath): Promise<Browser> {
  return chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  });
}

export interface PageOptions {
  readonly language?: string;
  readonly colorScheme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
}

/** The script of the captcha service that tests give in its place: the puzzle is solved at once. */
export const captchaScript = `
for (const place of document.querySelectorAll('.g-recaptcha')) {
  const solution = document.createElement('textarea');
  solution.name = 'g-recaptcha-response';
  solution.value = 'solved by ' + place.dataset.sitekey;
  solution.hidden = true;
  place.append(solution);
}`;

/** A fresh profile that reaches 127.0.0.1 alone. */
export async function openContext(
  browser: Browser,
  options: PageOptions = {},
): Promise<BrowserContext> {
  const context = await browser.newContext({
    locale: options.language ?? 'en',
    colorScheme: options.colorScheme ?? 'light',
    viewport: { width: options.width ?? 360, height: options.height ?? 640 },
  });
  context.setDefaultTimeout(10_000);
  await context.route(
    (url) => url.hostname !== '127.0.0.1',
    (route) =>
      route.request().url() === 'https://www.recaptcha.net/recaptcha/api.js'
        ? route.fulfill({ contentType: 'text/javascript', body: captchaScript })
        : route.abort(),
  );
  return context;
}

/** What axe finds wrong with a page: rule and element. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found: unknown = await page.evaluate('axe.run()');
  return listAt(found, 'violations').flatMap((violation) =>
    listAt(violation, 'nodes').map(
      (node) => `${String(valueAt(violation, 'id'))}: ${String(valueAt(node, 'html'))}`,
    ),
  );
}
