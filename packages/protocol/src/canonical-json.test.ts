import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { jsonValue } from '../testing/json-arbitrary.ts';
import { JSON_DEPTH_MAX, canonicalJson, compareCodePoints } from './canonical-json.ts';
import type { JsonObject, JsonValue } from './canonical-json.ts';
import { checkCanonicalJson, checkLaxJson } from './check-json.ts';

// The vectors of the spec's appendix "Canonical JSON".
const SPEC_VECTORS: readonly (readonly [input: string, canonical: string])[] = [
  ['{}', '{}'],
  ['{ "one": 1, "two": "Two" }', '{"one":1,"two":"Two"}'],
  ['{ "b": "2", "a": "1" }', '{"a":"1","b":"2"}'],
  ['{"b":"2","a":"1"}', '{"a":"1","b":"2"}'],
  [
    `{"auth":{"success":true,"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe",
      "three_pids":[{"medium":"email","address":"john.doe@example.org"},
                    {"medium":"msisdn","address":"123456789"}]}}}`,
    '{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":' +
      '[{"address":"john.doe@example.org","medium":"email"},{"address":"123456789","medium":"msisdn"}]},' +
      '"success":true}}',
  ],
  ['{ "a": "日本語" }', '{"a":"日本語"}'],
  ['{ "本": 2, "日": 1 }', '{"日":1,"本":2}'],
  ['{ "a": "\\u65E5" }', '{"a":"日"}'],
  ['{ "a": null }', '{"a":null}'],
  ['{ "a": -0, "b": 1e10 }', '{"a":0,"b":10000000000}'],
];

for (const [input, canonical] of SPEC_VECTORS) {
  test(`the spec's vector ${canonical}`, () => {
    assert.equal(canonicalJson(JSON.parse(input)), canonical);
  });
}

test('keys are sorted by code point, not by UTF-16 unit', () => {
  const astral = '\u{1F600}';
  const privateUse = '\uE000';
  assert.ok(astral < privateUse, 'UTF-16 order is the other one');
  assert.equal(
    canonicalJson({ [astral]: 1, [privateUse]: 2, a: 3 }),
    `{"a":3,"${privateUse}":2,"${astral}":1}`,
  );
});

test('many keys are sorted like few', () => {
  for (const last of ['\uE000', '\u{1F600}']) {
    const keys = Array.from({ length: 100 }, (_, index) => `${(index * 37) % 100}x`);
    const all = ['\u{1F601}', last, '\uE001', ...keys.map((key) => `k${key}`)];
    const object = Object.fromEntries(all.map((key) => [key, 1]));
    const written = [...canonicalJson(object).matchAll(/"([^"]+)":1/g)].map(([, key]) => key ?? '');
    assert.deepEqual(written, all.toSorted(byBytes));
  }
  const ascii = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${50 - index}`, 1]));
  const keys = Object.keys(JSON.parse(canonicalJson(ascii)));
  assert.deepEqual(keys, Object.keys(ascii).toSorted(byBytes));
});

test('integer-like keys are texts', () => {
  assert.equal(canonicalJson({ 2: 'b', 10: 'a', '-1': 'c' }), '{"-1":"c","10":"a","2":"b"}');
});

test('__proto__ is a key like any other', () => {
  const parsed: JsonValue = JSON.parse('{"b":1,"__proto__":{"x":[]},"a":2}');
  assert.equal(canonicalJson(parsed), '{"__proto__":{"x":[]},"a":2,"b":1}');
});

test('strings have the shortest escapes', () => {
  const controls = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join('');
  assert.equal(
    canonicalJson(`${controls}"\\/\u007f\u2028`),
    '"\\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\b\\t\\n\\u000b\\f\\r\\u000e\\u000f' +
      '\\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a\\u001b\\u001c' +
      '\\u001d\\u001e\\u001f\\"\\\\/\u007f\u2028"',
  );
});

test('long strings are escaped like short ones', () => {
  const long = 'é"'.repeat(1000);
  assert.equal(canonicalJson(long), `"${'é\\"'.repeat(1000)}"`);
});

test('agrees with a slow writer on any value, and is a fixed point', () => {
  fc.assert(
    fc.property(jsonValue, (value) => {
      const json = canonicalJson(value);
      assert.equal(json, slowCanonicalJson(value));
      assert.equal(canonicalJson(JSON.parse(json)), json);
      assert.equal(checkCanonicalJson(value), undefined);
    }),
    { numRuns: 500 },
  );
});

test('surrogates are sorted behind all of the basic plane', () => {
  const sorted = ['\ud7ff', '\ue000', '\uffff', '\ud800\udc00', '\udbff\udfff'];
  for (const [index, text] of sorted.entries()) {
    for (const later of sorted.slice(index + 1)) {
      assert.ok(compareCodePoints(text, later) < 0 && compareCodePoints(later, text) > 0);
    }
  }
});

test('compares like arrays of code points', () => {
  const text = fc.string({ unit: 'binary', maxLength: 6 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      assert.equal(Math.sign(compareCodePoints(a, b)), slowCompare(a, b));
    }),
  );
});

const REFUSED: readonly (readonly [what: string, value: unknown])[] = [
  ['a fraction', 1.5],
  ['2^53', 2 ** 53],
  ['-2^53', -(2 ** 53)],
  ['-0', -0],
  ['NaN', Number.NaN],
  ['infinity', Infinity],
  ['a lone high surrogate', 'a\ud800b'],
  ['a lone low surrogate', '\udc00'],
  ['a key with a lone surrogate', { '\ud800': 1 }],
  ['undefined', undefined],
  ['a bigint', 1n],
  ['a function', () => 1],
];

for (const [what, value] of REFUSED) {
  test(`strict JSON refuses ${what}, wherever it is`, () => {
    for (const place of [value, [value], { a: { b: [value] } }]) {
      assert.equal(checkCanonicalJson(place)?.errcode, 'M_BAD_JSON');
    }
  });
}

test('strict JSON takes the whole range of integers', () => {
  assert.equal(checkCanonicalJson([2 ** 53 - 1, -(2 ** 53) + 1, 0]), undefined);
});

test('lax JSON takes fractions and big numbers, but nothing that cannot be encoded', () => {
  assert.equal(checkLaxJson([1.5, 2 ** 60, -0]), undefined);
  assert.equal(checkLaxJson(Number.NaN)?.errcode, 'M_BAD_JSON');
  assert.equal(checkLaxJson('\ud800')?.errcode, 'M_BAD_JSON');
});

test('nesting is limited', () => {
  assert.equal(checkCanonicalJson(nested(JSON_DEPTH_MAX)), undefined);
  assert.equal(checkCanonicalJson(nested(JSON_DEPTH_MAX + 1))?.errcode, 'M_BAD_JSON');
  assert.equal(checkLaxJson(nested(50_000))?.errcode, 'M_BAD_JSON');
});

function nested(depth: number): JsonValue {
  let value: JsonValue = [];
  for (let level = 1; level < depth; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

function slowCanonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(slowCanonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => slowCompare(a, b));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${slowCanonicalJson(item)}`).join(',')}}`;
}

function slowCompare(a: string, b: string): number {
  const pointsOfA = Array.from(a, (character) => character.codePointAt(0) ?? 0);
  const pointsOfB = Array.from(b, (character) => character.codePointAt(0) ?? 0);
  for (const [index, point] of pointsOfA.entries()) {
    const other = pointsOfB[index];
    if (other === undefined) return 1;
    if (point !== other) return Math.sign(point - other);
  }
  return pointsOfA.length < pointsOfB.length ? -1 : 0;
}

test('a property that is undefined is left out, and so is an item', () => {
  const absent: unknown = undefined;
  const value = { b: absent, a: [absent, 1], 10: 1, 2: absent } as JsonObject;
  assert.equal(canonicalJson(value), '{"10":1,"a":[null,1]}');
  assert.equal(canonicalJson({ b: absent, a: 1 } as JsonObject), '{"a":1}');
  assert.equal(
    canonicalJson({ a: 0.5, b: [absent, absent] } as JsonObject),
    '{"a":0.5,"b":[null,null]}',
  );
});

test('what the native writer cannot order is written all the same', () => {
  const long = 'x'.repeat(300);
  const value = JSON.parse(
    `{"b":{"__proto__":[{"z":1,"a":"${long}"}],"a":2},"2":"\\ud800","10":"\\n"}`,
  );
  const expected = `{"10":"\\n","2":"\\ud800","b":{"__proto__":[{"a":"${long}","z":1}],"a":2}}`;
  assert.equal(canonicalJson(value), expected);
  const innerUnsorted = JSON.parse('{"a":1,"b":{"d":true,"c":null},"c":"x"}');
  assert.equal(canonicalJson(innerUnsorted), '{"a":1,"b":{"c":null,"d":true},"c":"x"}');
});

test('the time to write does not double with each level', () => {
  const deep = JSON.parse(
    `${'{"a":'.repeat(JSON_DEPTH_MAX)}{"b":1,"a":2}${'}'.repeat(JSON_DEPTH_MAX)}`,
  );
  assert.ok(canonicalJson(deep).includes('{"a":2,"b":1}'));
});

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
