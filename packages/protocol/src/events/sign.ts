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

/** The canonical text that a JSON object's signatures cover: without `signatures` and `unsigned`. */
export function signedText(object: JsonObject): string {
  const { signatures: _signatures, unsigned: _unsigned, ...signed } = object;
  return canonicalJson(signed);
}

/**
 * Checks that a server (or other entity) signed a JSON object (spec: Appendices, "Checking for a Signature").
 *
 * @param publicKeyOf the public key in base64 of one of that server's signing key IDs, undefined when it is not
 *   known or not valid for this object; such keys are ignored
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
