import fc from 'fast-check';

import type { JsonObject, JsonValue } from '../src/canonical-json.ts';
import { jsonValue } from './json-arbitrary.ts';

const deep = (open: string, close: string): JsonValue =>
  JSON.parse(`${open.repeat(20_000)}1${close.repeat(20_000)}`);

/** Texts that are long, break UTF-8, look like identifiers, or make a careless matcher go back again and again. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({
    unit: fc.constantFrom('*', '?', 'a', '\\', '.', ':', '@', '!', '[', '\ud83d'),
    maxLength: 20,
  }),
  fc.constantFrom(
    '*a'.repeat(250),
    '?'.repeat(500),
    `${'*?'.repeat(250)}b`,
    'a'.repeat(65_536),
    '\\'.repeat(10_000),
    '.'.repeat(10_000),
    '\ud800',
    '__proto__',
    'content.body',
    'content.__proto__.body',
    '@alice:example.org',
    `@${'é'.repeat(127)}:b`,
    '!room:[::ffff:1.2.3.4]:8448',
    `[${':'.repeat(45)}]`,
    '999999999999999999999',
    `<=${'9'.repeat(400)}`,
  ),
);

/** Any JSON that `JSON.parse` can make, what the specification forbids included. */
export const hostileJson: fc.Arbitrary<JsonValue> = fc.oneof(
  jsonValue,
  hostileText,
  fc.constantFrom<JsonValue>(1e308, -0.5, 2 ** 63, deep('[', ']'), deep('{"a":', '}')),
  fc.array(hostileText, { maxLength: 5 }),
);

/** Objects in which some of the names are properties, each with any value. */
export function hostileObject(names: readonly string[]): fc.Arbitrary<JsonObject> {
  const name = fc.oneof(fc.constantFrom(...names), fc.constantFrom('__proto__', 'constructor', ''));
  return fc
    .array(fc.tuple(name, hostileJson), { maxLength: 6 })
    .map((entries) => Object.fromEntries(entries));
}
