import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { escapeText, unescapeText } from './escape-text.ts';

const codeUnits = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xff_ff }),
      fc.constantFrom(0, 0x1a, 0x30, 0xd800, 0xdbff, 0xdc00, 0xdfff),
    ),
    { maxLength: 20 },
  )
  .map((units) => String.fromCharCode(...units));

test('what is escaped comes back as it was', () => {
  fc.assert(fc.property(codeUnits, (text) => unescapeText(escapeText(text)) === text));
});

test('the escaped text is one that any database holds', () => {
  fc.assert(
    fc.property(codeUnits, (text) => {
      const escaped = escapeText(text);
      return escaped.isWellFormed() && !escaped.includes('\u0000');
    }),
  );
});

test('ordinary text, surrogate pairs included, is stored as it is', () => {
  assert.equal(escapeText('@alice:example.org 😀'), '@alice:example.org 😀');
});
