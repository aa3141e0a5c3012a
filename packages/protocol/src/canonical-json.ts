import { problem } from './errors.ts';
import type { Problem } from './errors.ts';

/** Any JSON value, as `JSON.parse` makes it. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** A JSON object. Every own enumerable key counts, `__proto__` like any other. */
export type JsonObject = { [key: string]: JsonValue };

/** How deep arrays and objects may be nested in each other; deeper input is refused before it is walked. */
export const JSON_DEPTH_MAX = 100;

// Above this many UTF-16 units the native writer is as fast as the loop in `canonicalString`.
const SHORT_STRING_UNITS = 256;

/**
 * Writes a value as canonical JSON (spec: Appendices, "Canonical JSON"): the shortest encoding, keys sorted
 * by Unicode code point.
 *
 * The value is trusted: check it with `checkCanonicalJson` first if it came from outside. −0 is written as 0,
 * a lone surrogate as a `\ud800` escape, a fraction as JavaScript writes it. A property that is `undefined`
 * is left out, as in `JSON.stringify`.
 */
export function canonicalJson(value: JsonValue): string {
  switch (typeof value) {
    case 'string':
      return canonicalString(value);
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? canonicalArray(value) : canonicalObject(value);
    default:
      // String(-0) is '0', and integers below 1e21 have no exponent.
      return String(value);
  }
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
 * Finds out whether a value can be written as strict canonical JSON (room version 6 and later: "Servers MUST
 * strictly enforce the JSON format"). Undefined means it can.
 *
 * Refused with `M_BAD_JSON`: numbers that are not integers in ±(2^53−1), −0, lone surrogates (they have no
 * UTF-8 encoding, so the canonical grammar cannot express them), nesting beyond `JSON_DEPTH_MAX`, and what is
 * no JSON at all (functions, undefined, bigint…). A float that has an integer value, such as `1.0`, cannot be
 * told from the integer after `JSON.parse` and passes.
 */
export function checkCanonicalJson(value: unknown): Problem | undefined {
  const reason = findFault(value, true, 0);
  return reason === undefined ? undefined : problem('M_BAD_JSON', reason);
}

/**
 * The lax check for rooms of version 1 to 5, where "servers MUST NOT strictly enforce the JSON format":
 * fractions and big numbers pass; what cannot be encoded or is nested too deep is still refused.
 */
export function checkLaxJson(value: unknown): Problem | undefined {
  const reason = findFault(value, false, 0);
  return reason === undefined ? undefined : problem('M_BAD_JSON', reason);
}

/** Whether a value is a JSON object (not null, not an array). Does not look inside. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function canonicalArray(items: readonly JsonValue[]): string {
  let text = '[';
  for (let index = 0; index < items.length; index++) {
    if (index > 0) text += ',';
    text += canonicalJson(items[index] ?? null);
  }
  return text + ']';
}

function canonicalObject(object: JsonObject): string {
  let text = '';
  for (const key of sortedKeys(object)) {
    const value = object[key];
    if (value === undefined) continue;
    text += `${text === '' ? '{' : ','}${canonicalString(key)}:${canonicalJson(value)}`;
  }
  return text === '' ? '{}' : text + '}';
}

// The engine lists integer-like keys first and in numeric order, so even a sorted object must be checked.
function sortedKeys(object: JsonObject): string[] {
  const keys = Object.keys(object);
  let previous = '';
  for (const key of keys) {
    if (compareCodePoints(previous, key) > 0) return keys.sort(compareCodePoints);
    previous = key;
  }
  return keys;
}

// Moves the surrogates (which stand for U+10000 and above) behind U+E000–U+FFFF.
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit <= 0xdfff ? unit + 0x2000 : unit - 0x800;
}

function findFault(value: unknown, strict: boolean, depth: number): string | undefined {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? undefined : 'a string contains a lone surrogate';
    case 'number':
      return findNumberFault(value, strict);
    case 'boolean':
      return undefined;
    case 'object':
      if (value === null) return undefined;
      if (depth >= JSON_DEPTH_MAX) return `nested deeper than ${JSON_DEPTH_MAX} levels`;
      return Array.isArray(value)
        ? findArrayFault(value, strict, depth + 1)
        : findObjectFault(value, strict, depth + 1);
    default:
      return `a value of type ${typeof value} is not JSON`;
  }
}

function findNumberFault(value: number, strict: boolean): string | undefined {
  if (!strict) return Number.isFinite(value) ? undefined : `${value} is not JSON`;
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return undefined;
  return `${Object.is(value, -0) ? '-0' : value} is not an integer between -(2^53-1) and 2^53-1`;
}

function findArrayFault(items: unknown[], strict: boolean, depth: number): string | undefined {
  for (const item of items) {
    const fault = findFault(item, strict, depth);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function findObjectFault(object: object, strict: boolean, depth: number): string | undefined {
  for (const [key, value] of Object.entries(object)) {
    if (!key.isWellFormed()) return 'a key contains a lone surrogate';
    const fault = findFault(value, strict, depth);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
