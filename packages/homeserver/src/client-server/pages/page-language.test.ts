import assert from 'node:assert/strict';
import { test } from 'node:test';

import { html } from '../../html/html.ts';
import { textsFor } from './page-language.ts';

test('a page is in the language that its reader likes best of those there are', () => {
  for (const [header, language] of [
    [undefined, 'en'],
    ['', 'en'],
    ['de', 'de'],
    ['de-AT', 'de'],
    ['FR-ca, en;q=0.5', 'fr'],
    ['tlh, es;q=0.3, de;q=0.7', 'de'],
    ['es;q=0, fr;q=0.1', 'fr'],
    ['tlh', 'en'],
    ['constructor, __proto__', 'en'],
    [';q=1,,;', 'en'],
    ['de;q=x, fr', 'fr'],
  ] as const) {
    assert.equal(textsFor(header).language, language, String(header));
  }
});

test('what comes from outside is text in a page', () => {
  const given = `<script>"&'`;
  const escaped = '&lt;script&gt;&quot;&amp;&#39;';
  assert.equal(html`<a title="${given}">${given}</a>`.text, `<a title="${escaped}">${escaped}</a>`);
  assert.equal(html`${[html`<b>1</b>`, html`${undefined}`]}`.text, '<b>1</b>');
});
