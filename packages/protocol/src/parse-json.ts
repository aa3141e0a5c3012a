import { JSON_DEPTH_MAX, isJsonObject } from './canonical-json.ts';
import type { JsonValue } from './canonical-json.ts';
import { checkJson } from './check-json.ts';
import { problem } from './errors.ts';
import type { Problem } from './errors.ts';
import { exactNumber } from './exact-number.ts';
import type { RoomVersion } from './room-versions/types.ts';

/** JSON that was read from text. */
export interface ParsedJson {
  readonly ok: true;
  /** What `JSON.parse` makes of the text. */
  readonly value: JsonValue;
  /**
   * What canonical JSON, hashes and signatures are to be made of: `value` itself, except in room versions 1 to 5 where
   * a number is written in a way that JavaScript cannot keep (`1.0`, `1e3`, integers beyond 2^53). There it is a copy in
   * which `canonicalJson` finds how such numbers are written; nothing else should read it.
   */
  readonly exact: JsonValue;
}

/**
 * Parses JSON that a room version is to judge by its text (spec: Room Versions, "Canonical JSON"; Appendices, "Canonical
 * JSON"). Of equal keys the last counts, as everywhere.
 *
 * Problems, all `M_BAD_JSON`: what is no JSON; nesting beyond `JSON_DEPTH_MAX`; lone surrogates; a number beyond the
 * range of a double. Strict versions (6 and later) also refuse numbers that are not written as an integer in ±(2^53−1),
 * so `1.0`, `1e3` and `-0`.
 *
 * In lax versions (1 to 5) the spec asks not to enforce canonical JSON and does not say how a float is hashed. What counts
 * is what the servers of these rooms did, which is what Python does: integers keep their digits whatever their size, floats
 * are written as Python's `repr` (`1.0`, `1000.0` for `1e3`, `1e-07`).
 *
 * A key of the outermost object may be `ignored`: what it holds is neither checked nor given.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { canonicalJson, parseJson, roomVersion } from '@soma/protocol';
 *
 * const [v5, v6] = [roomVersion('5'), roomVersion('6')];
 * assert.ok(v5 && v6);
 * const parsed = parseJson('{"b":1e3,"a":9007199254740993}', v5);
 * assert.ok(parsed.ok);
 * assert.deepEqual(parsed.value, { b: 1000, a: 9007199254740992 });
 * assert.equal(canonicalJson(parsed.exact), '{"a":9007199254740993,"b":1000.0}');
 * assert.equal(parseJson('{"b":1e3}', v6).ok, false);
 * ```
 */
export function parseJson(
  text: string,
  version: RoomVersion,
  ignored?: string,
): ParsedJson | { readonly ok: false; readonly problem: Problem } {
  const value = parseNative(text);
  if (value === undefined) return { ok: false, problem: problem('M_BAD_JSON', 'not JSON') };
  if (ignored !== undefined && isJsonObject(value)) Reflect.deleteProperty(value, ignored);
  const fault = checkJson(value, version);
  if (fault !== undefined) return { ok: false, problem: fault };
  if (!needsExact(text)) return { ok: true, value, exact: value };
  // The text is JSON and what is read of it not nested too deep: that is settled above.
  const reader = new ExactReader(text);
  const exact = reader.read(0, ignored);
  if (!reader.foundExact) return { ok: true, value, exact: value };
  const exactFault = checkJson(exact, version);
  return exactFault === undefined ? { ok: true, value, exact } : { ok: false, problem: exactFault };
}

// A number that is a float, minus nothing, or long. The start keeps it out of most strings.
const MAY_NEED_EXACT = /(?:^|[[,:])[ \t\n\r]*-?(?:[0-9]{16}|[0-9]+[.eE])/;
const FLOAT_OR_LONG = /[0-9](?:[.eE]|[0-9]{15})/;

// What looks like such a number in a string (`"@alice:127.0.0.1"`) would cost the slow reading of the whole text.
function needsExact(text: string): boolean {
  if (!MAY_NEED_EXACT.test(text)) return false;
  let from = 0;
  for (let start = text.indexOf('"'); start !== -1; start = text.indexOf('"', from)) {
    if (FLOAT_OR_LONG.test(text.slice(from, start))) return true;
    from = endOfString(text, start);
  }
  return FLOAT_OR_LONG.test(text.slice(from));
}

// The place after a string of valid JSON.
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end + 1;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

function parseNative(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Reads valid JSON again and keeps how numbers are written. */
class ExactReader {
  foundExact = false;
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(depth = 0, ignored?: string): JsonValue {
    const first = this.#nextToken();
    // What is nested too deep here is not in the value: an equal key comes after it.
    if (depth > JSON_DEPTH_MAX) return this.#skip();
    switch (first) {
      case '{':
        return this.#object(depth + 1, ignored);
      case '[':
        return this.#array(depth + 1);
      case '"':
        return this.#string();
      case 't':
        return this.#literal('true', true);
      case 'f':
        return this.#literal('false', false);
      case 'n':
        return this.#literal('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number, ignored: string | undefined): JsonValue {
    const entries: [string, JsonValue][] = [];
    this.#at++;
    while (this.#nextToken() !== '}') {
      if (this.#nextToken() === ',') this.#at++;
      this.#nextToken();
      const key = this.#string();
      this.#nextToken();
      this.#at++;
      if (key === ignored) this.#skip();
      else entries.push([key, this.read(depth)]);
    }
    this.#at++;
    return Object.fromEntries(entries);
  }

  #array(depth: number): JsonValue {
    const items: JsonValue[] = [];
    this.#at++;
    while (this.#nextToken() !== ']') {
      if (this.#nextToken() === ',') this.#at++;
      items.push(this.read(depth));
    }
    this.#at++;
    return items;
  }

  // Goes past a value without reading it, however deep it is.
  #skip(): JsonValue {
    let depth = 0;
    do {
      this.#nextToken();
      const first = this.#text.charAt(this.#at);
      if (first === '"') this.#string();
      else if (/[[{}\],:]/.test(first)) this.#at++;
      else while (/[-+.0-9a-zA-Z]/.test(this.#text.charAt(this.#at))) this.#at++;
      if (first === '[' || first === '{') depth++;
      if (first === ']' || first === '}') depth--;
    } while (depth > 0);
    return null;
  }

  #string(): string {
    const start = this.#at;
    this.#at = endOfString(this.#text, start);
    return JSON.parse(this.#text.slice(start, this.#at));
  }

  #literal(word: string, value: JsonValue): JsonValue {
    this.#at += word.length;
    return value;
  }

  #number(): JsonValue {
    const start = this.#at;
    while (/[-+.0-9eE]/.test(this.#text.charAt(this.#at))) this.#at++;
    const number = exactNumber(this.#text.slice(start, this.#at));
    if (typeof number === 'number') return number;
    this.foundExact = true;
    // To all but the writer it is an object without entries.
    return number as unknown as JsonValue;
  }

  // Skips white space, and gives the character after it.
  #nextToken(): string | undefined {
    while (/[ \t\n\r]/.test(this.#text.charAt(this.#at))) this.#at++;
    return this.#text[this.#at];
  }
}
