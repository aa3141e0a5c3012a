import { isUtf8 } from 'node:buffer';

import { badJson, notJson } from '../errors/matrix-error.ts';
import { jsonDepthMax } from './limits.ts';

/**
 * Parses the bytes of a body as JSON: UTF-8 only (client-server API, "API Standards"), nothing coerced.
 * Throws M_NOT_JSON, and M_BAD_JSON for a nesting beyond the limit, on which a recursion over the
 * value would run out of stack.
 */
export function parseJsonBody(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) throw notJson('Content is not UTF-8');
  // A nesting of depth n takes at least 2n bytes: small bodies need no look.
  if (bytes.length > 2 * jsonDepthMax && isDeeperThan(bytes, jsonDepthMax)) {
    throw badJson(`Content is nested more than ${jsonDepthMax} deep`);
  }
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    throw notJson();
  }
}

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Works on bytes: those of UTF-8 beyond ASCII are never equal to one of JSON's signs. */
export function isDeeperThan(bytes: Uint8Array, depthMax: number): boolean {
  let depth = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (inString) {
      if (byte === quote) inString = false;
      else if (byte === backslash) index += 1;
    } else if (byte === quote) {
      inString = true;
    } else if (byte === openBracket || byte === openBrace) {
      depth += 1;
      if (depth > depthMax) return true;
    } else if (byte === closeBracket || byte === closeBrace) {
      depth -= 1;
    }
  }
  return false;
}
