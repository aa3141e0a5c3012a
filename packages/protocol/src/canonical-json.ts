import { ExactNumber, numberText } from './exact-number.ts';

/** Any JSON value, as `JSON.parse` makes it. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** A JSON object. Every own enumerable key counts, `__proto__` like any other. */
export type JsonObject = { [key: string]: JsonValue };

/**
 * How deep arrays and objects may be nested in each other; deeper input is refused before it is walked.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { checkCanonicalJson, JSON_DEPTH_MAX } from '@soma/protocol';
 *
 * const nested = (depth: number) => JSON.parse('['.repeat(depth) + ']'.repeat(depth));
 * assert.equal(checkCanonicalJson(nested(JSON_DEPTH_MAX)), undefined);
 * assert.ok(checkCanonicalJson(nested(JSON_DEPTH_MAX + 1)));
 * ```
 */
export const JSON_DEPTH_MAX = 100;

// Above this many UTF-16 units the native writer is as fast as the loop in `canonicalString`.
const SHORT_STRING_UNITS = 256;

// Up to this many keys are sorted by insertion.
const FEW_KEYS = 32;

/**
 * Writes a value as canonical JSON (spec: Appendices, "Canonical JSON"): the shortest encoding, keys sorted
 * by Unicode code point.
 *
 * The value is trusted: check it with `checkCanonicalJson` or `checkLaxJson` first if it came from outside. −0 is
 * written as 0, a lone surrogate as a `\ud800` escape, a fraction as other servers write it in room versions 1 to 5
 * (`1e-07`). A property that is `undefined` is left out, as in `JSON.stringify`.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { canonicalJson } from '@soma/protocol';
 *
 * assert.equal(canonicalJson({ b: 1, a: ['ä', null] }), '{"a":["ä",null],"b":1}');
 * assert.equal(canonicalJson({ '10': 1, '2': 2 }), '{"10":1,"2":2}');
 * ```
 */
export function canonicalJson(value: JsonValue): string {
  // The native writer is several times faster, and all that it lacks is the order of the keys.
  const ordered = inOrder(value);
  return ordered === undefined ? writeCanonical(value) : JSON.stringify(ordered);
}

/** Writes one string with the shortest escapes; `canonicalJson` for strings. */
export function canonicalString(text: string): string {
  if (text.length > SHORT_STRING_UNITS) return JSON.stringify(text);
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || (unit >= 0xd800 && unit <= 0xdfff)) {
      return JSON.stringify(text);
    }
  }
  return `"${text}"`;
}

/**
 * Orders two strings by Unicode code point, negative when `a` comes first. The `<` of JavaScript compares
 * UTF-16 units and puts U+10000 and above before U+E000–U+FFFF.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { compareCodePoints } from '@soma/protocol';
 *
 * assert.ok(compareCodePoints('a', 'b') < 0);
 * assert.ok(compareCodePoints('\u{1F600}', '\uE000') > 0);
 * ```
 */
export function compareCodePoints(a: string, b: string): number {
  const shared = Math.min(a.length, b.length);
  for (let index = 0; index < shared; index++) {
    const unitOfA = a.charCodeAt(index);
    const unitOfB = b.charCodeAt(index);
    if (unitOfA !== unitOfB) return rank(unitOfA) - rank(unitOfB);
  }
  return a.length - b.length;
}

/**
 * Whether a value is a JSON object (not null, not an array). Does not look inside.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { isJsonObject } from '@soma/protocol';
 *
 * assert.equal(isJsonObject({ a: 1 }), true);
 * assert.equal(isJsonObject([]), false);
 * assert.equal(isJsonObject(null), false);
 * ```
 */
export function isJsonObject(value: unknown): value is JsonObject {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof ExactNumber)
  );
}

/**
 * The value with its keys in code point order throughout: itself where it is so already, a copy otherwise. Undefined
 * where no object can have that order, since the engine puts integer-like keys first, and where the native writer
 * would write another number.
 */
function inOrder(value: JsonValue): JsonValue | undefined {
  if (typeof value === 'object' && value !== null) {
    if (Array.isArray(value)) return itemsInOrder(value);
    return value instanceof ExactNumber ? undefined : entriesInOrder(value);
  }
  return typeof value === 'number' && !Number.isInteger(value) ? undefined : value;
}

function itemsInOrder(items: JsonValue[]): JsonValue[] | undefined {
  let copy: JsonValue[] | undefined;
  for (let index = 0; index < items.length; index++) {
    const item = items[index] ?? null;
    if (typeof item === 'string') continue;
    const ordered = inOrder(item);
    if (ordered === undefined) return undefined;
    if (ordered === item) continue;
    copy ??= [...items];
    copy[index] = ordered;
  }
  return copy ?? items;
}

function entriesInOrder(object: JsonObject): JsonObject | undefined {
  const keys = Object.keys(object);
  let copy: JsonObject | undefined;
  if (sortKeys(keys)) {
    if (keys.some(startsWithDigit)) return undefined;
    copy = {};
  }
  let before = -1;
  for (const key of keys) {
    before++;
    const value = object[key];
    if (value === undefined) continue;
    const ordered = typeof value === 'string' ? value : inOrder(value);
    if (ordered === undefined) return undefined;
    if (ordered !== value) copy ??= firstEntries(object, before);
    if (copy === undefined) continue;
    // Assigning to this key would set the prototype.
    if (key === '__proto__') return undefined;
    copy[key] = ordered;
  }
  return copy ?? object;
}

function firstEntries(object: JsonObject, count: number): JsonObject {
  return Object.fromEntries(Object.entries(object).slice(0, count));
}

function startsWithDigit(key: string): boolean {
  const unit = key.charCodeAt(0);
  return unit >= 0x30 && unit <= 0x39;
}

// Sorts in place, and says whether that changed anything. Objects of events have few keys, mostly in order: for
// those the loop takes a fraction of the time of the native sort.
function sortKeys(keys: string[]): boolean {
  let isChanged = false;
  let previous = '';
  for (let index = 0; index < keys.length; index++) {
    const key = keyAt(keys, index);
    if (compareCodePoints(previous, key) <= 0) {
      previous = key;
      continue;
    }
    if (keys.length > FEW_KEYS) return sortMany(keys);
    isChanged = true;
    let place = index;
    for (; place > 0 && compareCodePoints(keyAt(keys, place - 1), key) > 0; place--) {
      keys[place] = keyAt(keys, place - 1);
    }
    keys[place] = key;
  }
  return isChanged;
}

// The native order is that of UTF-16 units, which differs only where characters beyond U+FFFF meet others.
function sortMany(keys: string[]): true {
  keys.sort();
  let previous = '';
  for (const key of keys) {
    if (compareCodePoints(previous, key) > 0) {
      keys.sort(compareCodePoints);
      break;
    }
    previous = key;
  }
  return true;
}

function keyAt(keys: readonly string[], index: number): string {
  return keys[index] ?? '';
}

// Writes what the native writer cannot.
function writeCanonical(value: JsonValue): string {
  switch (typeof value) {
    case 'string':
      return canonicalString(value);
    case 'number':
      return numberText(value);
    case 'object':
      if (value === null) return 'null';
      if (value instanceof ExactNumber) return value.text;
      return Array.isArray(value) ? writeArray(value) : writeObject(value);
    default:
      return String(value);
  }
}

function writeArray(items: readonly JsonValue[]): string {
  return `[${items.map((item) => writeCanonical(item ?? null)).join(',')}]`;
}

function writeObject(object: JsonObject): string {
  let text = '';
  const keys = Object.keys(object);
  sortKeys(keys);
  for (const key of keys) {
    const value = object[key];
    if (value === undefined) continue;
    text += `${text === '' ? '{' : ','}${canonicalString(key)}:${writeCanonical(value)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

// Moves the surrogates (which stand for U+10000 and above) behind U+E000–U+FFFF.
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit <= 0xdfff ? unit + 0x2000 : unit - 0x800;
}
