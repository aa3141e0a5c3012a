import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { jsonValue } from '../testing/json-arbitrary.ts';
import { knownVersion } from '../testing/room-versions.ts';
import { JSON_DEPTH_MAX, canonicalJson } from './canonical-json.ts';
import type { JsonValue } from './canonical-json.ts';
import { checkLaxJson } from './check-json.ts';
import { parseJson } from './parse-json.ts';

const [v5, v6] = [knownVersion('5'), knownVersion('6')];

// What canonical JSON of a lax version makes of a number, by how Python writes it.
const NUMBERS: Record<string, string> = {
  '1': '1',
  '-0': '0',
  '0.0': '0.0',
  '-0.0': '-0.0',
  '1.0': '1.0',
  '-1.50': '-1.5',
  '1e3': '1000.0',
  '1E+3': '1000.0',
  '5.114698E4': '51146.98',
  '1e15': '1000000000000000.0',
  '1e16': '1e+16',
  '1.25e20': '1.25e+20',
  '1e21': '1e+21',
  '0.0001': '0.0001',
  '0.00001': '1e-05',
  '1.5e-7': '1.5e-07',
  '5e-324': '5e-324',
  '1e-999': '0.0',
  '9007199254740991': '9007199254740991',
  '9007199254740993': '9007199254740993',
  '-9223372036854775808': '-9223372036854775808',
  '1000000000000000000000': '1000000000000000000000',
  '100000000000000000000': '100000000000000000000',
};

for (const [token, canonical] of Object.entries(NUMBERS)) {
  test(`${token} is hashed as ${canonical} in lax versions`, () => {
    for (const [text, expected] of [
      [token, canonical],
      [` [ ${token} ,true, "1.5\\"" ] `, `[${canonical},true,"1.5\\""]`],
      [`{"b" : {"n":${token}}, "a":[null,false]}`, `{"a":[null,false],"b":{"n":${canonical}}}`],
    ] as const) {
      const parsed = parseJson(text, v5);
      assert.ok(parsed.ok);
      assert.deepEqual(parsed.value, JSON.parse(text));
      assert.equal(canonicalJson(parsed.exact), expected);
      assert.equal(checkLaxJson(parsed.exact), undefined);
      // To all but the writer it is the nearest number.
      assert.equal(JSON.stringify(parsed.exact), JSON.stringify(parsed.value));
    }
  });

  test(`${token} is ${token === canonical && !/[.e]|.{17}/.test(token) ? '' : 'not '}strict`, () => {
    const isStrict = Number.isSafeInteger(Number(token)) && /^(0|-?[1-9][0-9]*)$/.test(token);
    for (const text of [token, `[${token}]`, `{"a": ${token}}`]) {
      assert.equal(parseJson(text, v6).ok, isStrict, text);
    }
  });
}

test('what looks like such a number inside a string is none', () => {
  const text = '{"a":"[1.5,1e3,-0,12345678901234567890]","b":",1.0"}';
  const parsed = parseJson(text, v6);
  assert.ok(parsed.ok);
  assert.equal(parsed.exact, parsed.value);
  assert.equal(canonicalJson(parsed.exact), text);
});

test('strings end where they do, whatever is escaped in them', () => {
  for (const string of ['\\', '\\\\', '",1.0', '\\",1.0', '":1.0,"', ',1.0\\']) {
    const quoted = JSON.stringify(string);
    const plain = `{"a":${quoted},"b":[${quoted},1]}`;
    const parsed = parseJson(plain, v5);
    assert.ok(parsed.ok);
    assert.equal(parsed.exact, parsed.value);
    const exact = `{"a":${quoted},"b":[${quoted},1.0]}`;
    const read = parseJson(exact, v5);
    assert.ok(read.ok);
    assert.equal(canonicalJson(read.exact), exact);
  }
});

test('of equal keys the last counts, and __proto__ is a key', () => {
  const parsed = parseJson('{"a":1.0,"__proto__":2.0,"a":3.0}', v5);
  assert.ok(parsed.ok);
  assert.equal(canonicalJson(parsed.exact), '{"__proto__":2.0,"a":3.0}');
  assert.deepEqual(Object.keys(parsed.value as object), ['a', '__proto__']);
});

for (const [what, text] of Object.entries({
  'no JSON': '{"a":1.0',
  'an empty text': '',
  'a number out of range': '[1e400]',
  'an integer out of range': `[${'9'.repeat(400)}]`,
  'a lone surrogate': '["\\ud800"]',
  'deep nesting': `${'['.repeat(JSON_DEPTH_MAX + 1)}${']'.repeat(JSON_DEPTH_MAX + 1)}`,
  'very deep nesting': `${'[1.5,'.repeat(100_000)}1${']'.repeat(100_000)}`,
})) {
  test(`${what} is refused in every version`, () => {
    for (const version of [v5, v6]) {
      const parsed = parseJson(text, version);
      assert.ok(!parsed.ok);
      assert.equal(parsed.problem.errcode, 'M_BAD_JSON');
    }
  });
}

test('agrees with JSON.parse on any text, whatever stands around its numbers', () => {
  const number = fc.constantFrom(...Object.keys(NUMBERS));
  const text = fc
    .tuple(jsonValue, number, fc.constantFrom('', ' ', '\n\t'))
    .map(([value, token, space]) => `[${space}${JSON.stringify(value)}${space},${space}${token}]`);
  fc.assert(
    fc.property(text, (json) => {
      const parsed = parseJson(json, v5);
      const value: JsonValue = JSON.parse(json);
      if (checkLaxJson(value) !== undefined) assert.ok(!parsed.ok);
      else {
        assert.ok(parsed.ok);
        assert.deepEqual(parsed.value, value);
        const written = canonicalJson(parsed.exact);
        const again = parseJson(written, v5);
        assert.ok(again.ok);
        assert.equal(canonicalJson(again.exact), written);
      }
    }),
  );
});

test('zero without a sign keeps its notation too', () => {
  const zeros = parseJson('{"a":-0,"b":0,"c":0.0}', v5);
  assert.ok(zeros.ok);
  assert.equal(canonicalJson(zeros.exact), '{"a":0,"b":0,"c":0.0}');
});

test('what an equal key replaces is not read, however deep it is', () => {
  const deep = `${'[{"b":'.repeat(50_000)}[1.0]${'}]'.repeat(50_000)}`;
  const parsed = parseJson(`{"a":${deep},"a":1.0}`, v5);
  assert.ok(parsed.ok);
  assert.equal(canonicalJson(parsed.exact), '{"a":1.0}');
  assert.ok(!parseJson(`{"a":${deep},"a":1.0}`, v6).ok);
});
