import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Browser } from 'playwright-core';

import {
  accessibilityProblems,
  noChromium,
  openContext,
  startBrowser,
  type Page,
  type PageOptions,
} from '../harness/browser.ts';
import { testEngines } from '../harness/engines.ts';
import { freePort } from '../harness/free-port.ts';
import { startHomeserver, type TestHomeserver } from '../harness/homeserver-process.ts';

export const siteKey = 'the-site-key';
export const privateKey = 'the-secret';

const privacyPolicy = {
  version: '1.0',
  translations: {
    en: { name: 'Privacy policy', url: 'https://example.org/privacy' },
    de: { name: 'Datenschutzerklärung', url: 'https://example.org/datenschutz' },
  },
};

/** The options of a server that asks a registration for everything that has a page. */
export function demandingConfig(siteverifyPort: number): Record<string, unknown> {
  return {
    registration_requires_token: true,
    enable_registration_captcha: true,
    recaptcha_public_key: siteKey,
    recaptcha_private_key: privateKey,
    recaptcha_siteverify_api: `http://127.0.0.1:${siteverifyPort}/siteverify`,
    user_consent: { require_at_registration: true, policies: { privacy_policy: privacyPolicy } },
    login_via_existing_session: { enabled: true, require_ui_auth: false },
  };
}

/** Stands for the captcha service: it takes the solutions that the script of the tests makes. */
export function startSiteverify(port: number): Promise<Server> {
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const form = new URLSearchParams(text);
      const success =
        form.get('secret') === privateKey && form.get('response') === `solved by ${siteKey}`;
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ success }));
    });
  });
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

export interface PageUnderTest {
  readonly server: TestHomeserver;
  open(path: string, options?: PageOptions): Promise<Page>;
}

/**
 * Declares tests of pages, each on every engine, in one browser.
 *
 * @param config options beside those of a server that asks for everything
 */
export function pageTests(config: Readonly<Record<string, unknown>> = {}) {
  let browser: Browser | undefined;
  let siteverify: Server | undefined;
  let port = 0;
  before(async () => {
    if (noChromium !== false) return;
    browser = await startBrowser();
    port = await freePort();
    siteverify = await startSiteverify(port);
  });
  after(async () => {
    await browser?.close();
    siteverify?.close();
  });
  const engines = testEngines().map((engine) => {
    let server: Promise<TestHomeserver> | undefined;
    after(async () => (await server)?.dispose());
    const start = () =>
      (server ??= startHomeserver({ engine, config: { ...demandingConfig(port), ...config } }));
    return { name: engine.name, start };
  });
  return (title: string, body: (given: PageUnderTest) => Promise<void>): void => {
    for (const { name, start } of engines) {
      test(`${title} (${name})`, { skip: noChromium }, async () => {
        const server = await start();
        assert.ok(browser !== undefined);
        const opener = new PageOpener(browser, server);
        try {
          await body(opener);
          assert.deepEqual(opener.complaints, []);
        } finally {
          await opener.close();
        }
      });
    }
  };
}

/** Opens pages, and keeps what their browser complains of. */
class PageOpener implements PageUnderTest {
  readonly server: TestHomeserver;
  readonly complaints: string[] = [];
  readonly #browser: Browser;
  readonly #close: (() => Promise<void>)[] = [];

  constructor(browser: Browser, server: TestHomeserver) {
    this.#browser = browser;
    this.server = server;
  }

  async open(path: string, options: PageOptions = {}): Promise<Page> {
    const context = await openContext(this.#browser, options);
    this.#close.push(() => context.close());
    context.on('console', (message) => {
      if (/Content Security Policy|Uncaught/.test(message.text())) {
        this.complaints.push(message.text());
      }
    });
    context.on('weberror', (error) => this.complaints.push(String(error.error())));
    const page = await context.newPage();
    await page.goto(this.server.url + path);
    return page;
  }

  async close(): Promise<void> {
    for (const close of this.#close) await close();
  }
}

/** Fails for a page that someone cannot use: by its markup, its contrast, or its width on a phone. */
export async function assertUsable(page: Page): Promise<void> {
  const width = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
  assert.ok(Number(width) <= 0, `the page is ${String(width)} px wider than the screen`);
  assert.deepEqual(await accessibilityProblems(page), []);
}

/** As `waitForFunction`, which the policy of our pages does not let run. */
export async function becomesTrue(page: Page, expression: string): Promise<void> {
  for (let tries = 0; (await page.evaluate(expression)) !== true; tries += 1) {
    assert.ok(tries < 100, expression);
    await sleep(50);
  }
}
