import { isUtf8 } from 'node:buffer';

import { badJson, notJson } from '../errors/matrix-error.ts';
import { isDeeperThan } from '../outbound/is-deeper-than.ts';
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
