import { isJsonObject, verifyJson } from '@soma/protocol';
import type { JsonObject, JsonValue, SignatureVerifier } from '@soma/protocol';

import { MatrixError, forbidden } from '../../errors/matrix-error.ts';

/** A key of `m.room.third_party_invite`. */
interface InviteKey {
  readonly publicKey: string;
  /** Where its identity server says whether it is still valid. */
  readonly validityUrl: string | undefined;
}

export interface KeyChecks {
  readonly verify: SignatureVerifier;
  /** Asks an identity server about a key of its own. */
  isKeyValid(validityUrl: string, publicKey: string): Promise<boolean>;
}

/** As many keys of one invitation are asked about. */
const KEYS_MAX = 5;

/**
 * Checks that a key which has signed for the user is still valid: the server that makes the invite must, and no other may (CS
 * API, "Third-party invites": "Server behaviour"); one that is, is enough. What nobody has signed is left to the auth rules.
 * Throws `403 M_FORBIDDEN`, and `502 M_UNKNOWN` where the identity server does not say.
 *
 * @param original the content of `m.room.third_party_invite`
 */
export async function checkKeys(
  { verify, isKeyValid }: KeyChecks,
  original: JsonObject,
  signed: JsonObject,
): Promise<void> {
  const signing = keysIn(original).filter(({ publicKey }) => isSignedBy(signed, publicKey, verify));
  if (signing.length === 0) return;
  let refusal = forbidden('The key of the identity server is no longer valid');
  for (const { publicKey, validityUrl } of signing.slice(0, KEYS_MAX)) {
    try {
      if (validityUrl === undefined || (await isKeyValid(validityUrl, publicKey))) return;
    } catch (error) {
      if (!(error instanceof MatrixError)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

function keysIn(original: JsonObject): InviteKey[] {
  const { public_keys: more } = original;
  return [original, ...(Array.isArray(more) ? more : [])].flatMap((given: JsonValue) => {
    if (!isJsonObject(given)) return [];
    const { public_key: publicKey, key_validity_url: url } = given;
    const validityUrl = typeof url === 'string' && url !== '' ? url : undefined;
    return typeof publicKey === 'string' ? [{ publicKey, validityUrl }] : [];
  });
}

function isSignedBy(signed: JsonObject, publicKey: string, verify: SignatureVerifier): boolean {
  const { signatures } = signed;
  const names = isJsonObject(signatures) ? Object.keys(signatures) : [];
  return names.some((name) => verifyJson(signed, name, () => publicKey, verify).valid);
}
