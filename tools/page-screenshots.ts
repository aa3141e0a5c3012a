// `npm run page-pictures`: shows every page of the server as pictures in docs/pages/.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Browser } from 'playwright-core';

import { api } from '../tests/harness/api.ts';
import {
  chromiumPath,
  openContext,
  startBrowser,
  type Page,
  type PageOptions,
} from '../tests/harness/browser.ts';
import { testPassword } from '../tests/harness/client.ts';
import { freePort } from '../tests/harness/free-port.ts';
import { startHomeserver } from '../tests/harness/homeserver-process.ts';
import { textAt } from '../tests/harness/json-path.ts';
import { demandingConfig } from '../tests/pages/page-test.ts';
import { prepareChromium } from './test/prepare-chromium.ts';

const folder = fileURLToPath(new URL('../docs/pages/', import.meta.url));

interface Picture extends PageOptions {
  readonly name: string;
  readonly path: string;
  /** What is done before the picture is taken. */
  readonly act?: (page: Page) => Promise<void>;
}

function pictures(fallback: (stage: string) => string): readonly Picture[] {
  const login = '/_matrix/static/client/login/';
  const press = (page: Page): Promise<void> => page.getByRole('button').click();
  const wrongPassword = async (page: Page): Promise<void> => {
    await page.locator('#user').fill('alice');
    await page.locator('#password').fill('wrong');
    await press(page);
    await page.locator('#problem:not(:empty)').waitFor();
  };
  const wrongToken = async (page: Page): Promise<void> => {
    await page.locator('#token').fill('wrong');
    await press(page);
  };
  const visible = (page: Page): Promise<void> => page.locator('form').waitFor();
  return [
    { name: 'login', path: login, act: visible },
    { name: 'login-dark', path: login, language: 'de', colorScheme: 'dark', act: visible },
    { name: 'login-wide', path: login, width: 1280, height: 720, act: visible },
    { name: 'login-refused', path: login, act: wrongPassword },
    { name: 'registration-token', path: fallback('m.login.registration_token') },
    {
      name: 'registration-token-refused',
      path: fallback('m.login.registration_token'),
      language: 'fr',
      act: wrongToken,
    },
    { name: 'captcha', path: fallback('m.login.recaptcha') },
    { name: 'terms', path: fallback('m.login.terms') },
    { name: 'dummy', path: fallback('m.login.dummy'), language: 'es' },
    { name: 'done', path: fallback('m.login.terms'), act: press },
    { name: 'gone', path: `${fallback('m.login.terms')}-unheard` },
    { name: 'unknown', path: fallback('m.login.unheard') },
  ];
}

async function take(browser: Browser, url: string, picture: Picture): Promise<void> {
  const context = await openContext(browser, picture);
  const page = await context.newPage();
  await page.goto(url + picture.path);
  await picture.act?.(page);
  await page.screenshot({ path: join(folder, `${picture.name}.png`) });
  await context.close();
}

mkdirSync(folder, { recursive: true });
const browser = await startBrowser(chromiumPath ?? prepareChromium());
const server = await startHomeserver({ config: demandingConfig(await freePort()) });
try {
  const body = { username: 'alice', password: testPassword };
  const challenge = await api(server.url).request('POST', '/_matrix/client/v3/register', { body });
  const session = textAt(challenge.body, 'session');
  const fallback = (stage: string): string =>
    `/_matrix/client/v3/auth/${stage}/fallback/web?session=${session}`;
  for (const picture of pictures(fallback)) await take(browser, server.url, picture);
} finally {
  await browser.close();
  await server.dispose();
}
