import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { MailTemplates } from './mail-templates.ts';

const values = {
  app_name: 'Soma',
  server_name: 'example.org',
  link: 'https://example.org/?a=1&b=<',
};

test('what is filled in is escaped in HTML, and as it is in text', () => {
  const { html, text } = new MailTemplates(undefined, assert.fail).render('registration', values);
  assert.match(html, /href="https:\/\/example\.org\/\?a=1&amp;b=&lt;"/);
  assert.match(text, /^https:\/\/example\.org\/\?a=1&b=<$/m);
});

test('a file of the operator takes the place of a text, unless it says more than can be understood', () => {
  const folder = mkdtempSync(join(tmpdir(), 'soma-templates-'));
  writeFileSync(
    join(folder, 'registration.txt'),
    'Hi from {{server_name}}: {{ link }}{{ unknown }}',
  );
  writeFileSync(join(folder, 'registration.html'), '{% if link %}{{ link }}{% endif %}');
  const warnings: string[] = [];
  const templates = new MailTemplates(folder, (message) => warnings.push(message));
  rmSync(folder, { recursive: true });
  const { html, text } = templates.render('registration', values);
  assert.equal(text, `Hi from example.org: ${values.link}`);
  assert.match(html, /Confirm this address/);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /registration\.html is not used/);
});
