import fc from 'fast-check';

import type { JsonObject, JsonValue } from '../src/canonical-json.ts';

// Keys that the engine or a careless writer would put in another order, or treat as something else.
const awkwardKey = fc.constantFrom(
  '__proto__',
  'constructor',
  'toString',
  '2',
  '10',
  '-1',
  '',
  '\u{1F600}',
  '\uE000',
  '\uFFFF',
  '\u0000',
  '"',
  'a.b',
);
const text = fc.string({ unit: 'binary', maxLength: 12 });

const { value, object } = fc.letrec<{ value: JsonValue; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger().map((integer) => (integer === 0 ? 0 : integer)),
    text,
    fc.array(tie('value'), { maxLength: 4 }),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(fc.oneof(awkwardKey, text), tie('value')), { maxLength: 6 })
    .map((entries) => Object.fromEntries(entries)),
}));

/** Any strict JSON value, keys in any order. */
export const jsonValue: fc.Arbitrary<JsonValue> = value;

/** Any strict JSON object. */
export const jsonObject: fc.Arbitrary<JsonObject> = object;
