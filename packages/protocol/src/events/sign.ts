import { canonicalJson, isJsonObject } from '../canonical-json.ts';
import type { JsonObject } from '../canonical-json.ts';
import type { EventCrypto, SignatureVerifier } from './types.ts';

/** What became of a check of signatures. `reason` is for a log. */
export type SignatureVerdict =
  | { readonly valid: true; readonly keyIds: readonly string[] }
  | { readonly valid: false; readonly reason: string };

/**
 * Signs a JSON object (spec: Appendices, "Signing JSON"): a copy with one more signature under
 * `signatures.<server>.<key ID>`; other signatures and `unsigned` stay.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { signJson } from '@soma/protocol';
 *
 * const signed = signJson(
 *   { a: 1 },
 *   { serverName: 'example.org', keyId: 'ed25519:1', sign: (text) => `signature of ${text}` },
 * );
 * assert.deepEqual(signed.signatures, { 'example.org': { 'ed25519:1': 'signature of {"a":1}' } });
 * ```
 */
export function signJson<Value extends JsonObject>(
  object: Value,
  { serverName, keyId, sign }: Pick<EventCrypto, 'serverName' | 'keyId' | 'sign'>,
): Value & { signatures: JsonObject } {
  const signatures = isJsonObject(object['signatures']) ? object['signatures'] : {};
  const ours = signatures[serverName];
  return {
    ...object,
    signatures: {
      ...signatures,
      [serverName]: { ...(isJsonObject(ours) ? ours : {}), [keyId]: sign(signedText(object)) },
    },
  };
}

/**
 * The canonical text that a JSON object's signatures cover: without `signatures` and `unsigned`.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { signedText } from '@soma/protocol';
 *
 * assert.equal(signedText({ b: 1, a: 2, signatures: {}, unsigned: {} }), '{"a":2,"b":1}');
 * ```
 */
export function signedText(object: JsonObject): string {
  const { signatures: _signatures, unsigned: _unsigned, ...signed } = object;
  return canonicalJson(signed);
}

/**
 * Checks that a server (or other entity) signed a JSON object (spec: Appendices, "Checking for a Signature").
 *
 * @param publicKeyOf the public key in base64 of one of that server's signing key IDs, undefined when it is not
 *   known or not valid for this object; such keys are ignored
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { verifyJson } from '@soma/protocol';
 *
 * const object = { a: 1, signatures: { 'example.org': { 'ed25519:1': 'good' } } };
 * const verdict = verifyJson(
 *   object,
 *   'example.org',
 *   (keyId) => (keyId === 'ed25519:1' ? 'the public key' : undefined),
 *   (publicKey, signature, text) => signature === 'good' && text === '{"a":1}',
 * );
 * assert.deepEqual(verdict, { valid: true, keyIds: ['ed25519:1'] });
 * ```
 */
export function verifyJson(
  object: JsonObject,
  serverName: string,
  publicKeyOf: (keyId: string) => string | undefined,
  verify: SignatureVerifier,
): SignatureVerdict {
  return verifySignatures(
    object['signatures'],
    signedText(object),
    serverName,
    publicKeyOf,
    verify,
  );
}

/**
 * `verifyJson` for a text that is computed already, such as an event's reference text. Valid when at least one
 * known key of the server signed it and no signature by a known key is wrong.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { verifySignatures } from '@soma/protocol';
 *
 * const verdict = verifySignatures(
 *   {},
 *   'the reference text',
 *   'example.org',
 *   () => 'the public key',
 *   () => true,
 * );
 * assert.deepEqual(verdict, { valid: false, reason: 'not signed by example.org' });
 * ```
 */
export function verifySignatures(
  signatures: unknown,
  text: string,
  serverName: string,
  publicKeyOf: (keyId: string) => string | undefined,
  verify: SignatureVerifier,
): SignatureVerdict {
  const byServer = isJsonObject(signatures) ? signatures : {};
  const byKey = Object.hasOwn(byServer, serverName) ? byServer[serverName] : undefined;
  if (!isJsonObject(byKey)) return invalid(`not signed by ${serverName}`);
  const keyIds: string[] = [];
  for (const [keyId, signature] of Object.entries(byKey)) {
    if (!keyId.startsWith('ed25519:')) continue;
    const publicKey = publicKeyOf(keyId);
    if (publicKey === undefined) continue;
    if (typeof signature !== 'string' || !verify(publicKey, signature, text)) {
      return invalid(`the signature of ${serverName} with ${keyId} is wrong`);
    }
    keyIds.push(keyId);
  }
  return keyIds.length > 0
    ? { valid: true, keyIds }
    : invalid(`no signature of ${serverName} is by a known key`);
}

function invalid(reason: string): SignatureVerdict {
  return { valid: false, reason };
}
