import { canonicalJson } from './canonical-json.ts';
import type { JsonValue } from './canonical-json.ts';

/** One signature of a request between servers, as an `Authorization` header carries it. */
export interface XMatrix {
  /** The server that sends the request. */
  readonly origin: string;
  /** The server that it is meant for; older servers leave it out. */
  readonly destination: string | undefined;
  /** The signing key ID, `ed25519:…`. */
  readonly keyId: string;
  /** In unpadded base64. */
  readonly signature: string;
}

/** A request between servers, as its signature covers it (spec: Server-Server API, "Request Authentication"). */
export interface SignedRequest {
  readonly method: string;
  /** The request target as sent: path and query. */
  readonly uri: string;
  readonly origin: string;
  readonly destination: string;
}

const SCHEME = /^x-matrix +/i;
// RFC 9110, 5.6.2, and the colon that older servers do not quote. Padding of base64 is no token either, and sent.
const PARAMETER =
  /[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\[^])*)"|([!#$%&'*+.^_`|~0-9A-Za-z:/=-]+))[ \t]*(?:,|$)/y;
/** RFC 9110, 5.6.1: a list may have elements that are empty. */
const EMPTY_ELEMENT = /[ \t]*(?:,|$)/y;

/**
 * Reads an `Authorization` header of the scheme `X-Matrix` (RFC 9110, section 11.4). Undefined when it is of another
 * scheme, is malformed, repeats a parameter, or lacks one. Never throws, and takes time linear in the header.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { parseXMatrix } from '@soma/protocol';
 *
 * const header = 'X-Matrix origin=a.example,destination="b.example",key="ed25519:1",sig="c2ln"';
 * assert.equal(parseXMatrix(header)?.keyId, 'ed25519:1');
 * assert.equal(parseXMatrix('Bearer token'), undefined);
 * ```
 */
export function parseXMatrix(header: string): XMatrix | undefined {
  const scheme = SCHEME.exec(header);
  if (scheme === null) return undefined;
  const parameters = parseParameters(header.slice(scheme[0].length));
  const origin = parameters?.get('origin');
  const keyId = parameters?.get('key');
  // The spec's list calls it `signature`; its example and all servers, `sig`.
  const signature = parameters?.get('sig') ?? parameters?.get('signature');
  if (origin === undefined || keyId === undefined || signature === undefined) return undefined;
  return { origin, destination: parameters?.get('destination'), keyId, signature };
}

/**
 * Writes the header in the one form that every server reads.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { formatXMatrix, parseXMatrix } from '@soma/protocol';
 *
 * const proof = {
 *   origin: 'a.example',
 *   destination: 'b.example',
 *   keyId: 'ed25519:1',
 *   signature: 'c2ln',
 * };
 * assert.deepEqual(parseXMatrix(formatXMatrix(proof)), proof);
 * ```
 */
export function formatXMatrix({ origin, destination, keyId, signature }: XMatrix): string {
  const parameters = [
    ['origin', origin],
    ...(destination === undefined ? [] : [['destination', destination]]),
    ['key', keyId],
    ['sig', signature],
  ];
  const quoted = parameters.map(([name, value = '']) => `${name}="${escapeQuoted(value)}"`);
  return `X-Matrix ${quoted.join(',')}`;
}

/**
 * The canonical text that a request's signature covers; `content` is undefined where there is no body.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { signedRequestText } from '@soma/protocol';
 *
 * const request = { method: 'PUT', uri: '/x', origin: 'a.example', destination: 'b.example' };
 * assert.equal(
 *   signedRequestText(request, { b: 1 }),
 *   '{"content":{"b":1},"destination":"b.example","method":"PUT","origin":"a.example","uri":"/x"}',
 * );
 * ```
 */
export function signedRequestText(request: SignedRequest, content: JsonValue | undefined): string {
  return signedRequestTextOf(request, content === undefined ? undefined : canonicalJson(content));
}

/**
 * {@link signedRequestText} for a body that is canonical JSON text already.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { signedRequestText, signedRequestTextOf } from '@soma/protocol';
 *
 * const request = { method: 'PUT', uri: '/x', origin: 'a.example', destination: 'b.example' };
 * assert.equal(signedRequestTextOf(request, '{"b":1}'), signedRequestText(request, { b: 1 }));
 * ```
 */
export function signedRequestTextOf(
  { method, uri, origin, destination }: SignedRequest,
  contentText: string | undefined,
): string {
  const rest = canonicalJson({ destination, method, origin, uri });
  // `content` comes before all other keys.
  return contentText === undefined ? rest : `{"content":${contentText},${rest.slice(1)}`;
}

function parseParameters(text: string): Map<string, string> | undefined {
  const parameters = new Map<string, string>();
  let index = 0;
  while (index < text.length) {
    const [matched, name, quoted, token] = matchAt(PARAMETER, text, index) ?? [];
    if (matched === undefined || name === undefined) {
      const empty = matchAt(EMPTY_ELEMENT, text, index)?.[0];
      if (empty === undefined) return undefined;
      index += empty.length;
      continue;
    }
    const key = name.toLowerCase();
    if (parameters.has(key)) return undefined;
    parameters.set(key, token ?? (quoted ?? '').replaceAll(/\\([^])/g, '$1'));
    index += matched.length;
  }
  return parameters;
}

function matchAt(pattern: RegExp, text: string, index: number): RegExpExecArray | null {
  pattern.lastIndex = index;
  return pattern.exec(text);
}

function escapeQuoted(value: string): string {
  return value.replaceAll(/["\\]/g, String.raw`\$&`);
}
