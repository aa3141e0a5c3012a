import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { canonicalJson } from '@soma/protocol';
import type { JsonValue } from '@soma/protocol';

import { canonicalWithNumbersAsWritten } from './exact-json.ts';

test('numbers stay as they are written, and the rest becomes canonical', () => {
  for (const [text, expected] of [
    ['{"b": 1.0, "a": [9223372036854775807]}', '{"a":[9223372036854775807],"b":1.0}'],
    ['{"depth": 1e3, "text": "1.0 \\u00e9"}', '{"depth":1e3,"text":"1.0 é"}'],
    ['{"number": "number-1.0", "b": -0}', '{"b":-0,"number":"number-1.0"}'],
    ['12345678901234567890', '12345678901234567890'],
  ] as const) {
    assert.equal(canonicalWithNumbersAsWritten(text), expected);
  }
});

test('usual numbers make no difference', () => {
  for (const text of ['{"a":1,"b":-25,"c":"x"}', '{}', '[0,123456789012345]']) {
    assert.equal(canonicalWithNumbersAsWritten(text), undefined);
  }
});

test('what JavaScript wrote is canonical as it is', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      const parsed = JSON.parse(text) as JsonValue;
      const exact = canonicalWithNumbersAsWritten(text);
      if (exact !== undefined) assert.equal(exact, canonicalJson(parsed));
    }),
  );
});
