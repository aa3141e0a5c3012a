import { JSON_DEPTH_MAX } from './canonical-json.ts';
import { problem } from './errors.ts';
import type { Problem } from './errors.ts';
import { ExactNumber } from './exact-number.ts';
import type { RoomVersion } from './room-versions/types.ts';

/**
 * Finds out whether a value can be written as strict canonical JSON (room version 6 and later: "Servers MUST
 * strictly enforce the JSON format"). Undefined means it can.
 *
 * Refused with `M_BAD_JSON`: numbers that are not integers in ±(2^53−1), −0, lone surrogates (they have no
 * UTF-8 encoding, so the canonical grammar cannot express them), nesting beyond `JSON_DEPTH_MAX`, and what is
 * no JSON at all (functions, undefined, bigint…). A float that has an integer value, such as `1.0`, cannot be
 * told from the integer after `JSON.parse` and passes: `parseJson` reads the text.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { checkCanonicalJson } from '@soma/protocol';
 *
 * assert.equal(checkCanonicalJson({ level: 50 }), undefined);
 * assert.equal(checkCanonicalJson({ level: 0.5 })?.errcode, 'M_BAD_JSON');
 * ```
 */
export function checkCanonicalJson(value: unknown): Problem | undefined {
  const reason = findFault(value, true, 0);
  return reason === undefined ? undefined : problem('M_BAD_JSON', reason);
}

/**
 * The lax check for rooms of version 1 to 5, where "servers MUST NOT strictly enforce the JSON format":
 * fractions and big numbers pass; what cannot be encoded or is nested too deep is still refused with `M_BAD_JSON`.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { checkLaxJson } from '@soma/protocol';
 *
 * assert.equal(checkLaxJson({ level: 0.5 }), undefined);
 * assert.equal(checkLaxJson({ level: Infinity })?.errcode, 'M_BAD_JSON');
 * ```
 */
export function checkLaxJson(value: unknown): Problem | undefined {
  const reason = findFault(value, false, 0);
  return reason === undefined ? undefined : problem('M_BAD_JSON', reason);
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
      if (value instanceof ExactNumber) {
        return strict ? `${value.text} is not written as an integer in range` : undefined;
      }
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

/** The check that the room version asks for. */
export function checkJson(
  value: unknown,
  { strictCanonicalJson }: RoomVersion,
): Problem | undefined {
  return strictCanonicalJson ? checkCanonicalJson(value) : checkLaxJson(value);
}
