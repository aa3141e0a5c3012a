import { createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { decodeBase64 } from '@soma/protocol';
import type { SignatureVerifier } from '@soma/protocol';

import { boundedCache } from '../../storage/bounded-cache.ts';
import { serversRememberedMax } from '../limits.ts';

/** RFC 8410: what stands before the 32 bytes in the SPKI form of an Ed25519 key. */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

// Importing a key costs a third of a verification.
const imported = boundedCache<string, KeyObject>(serversRememberedMax);

/** Verifies an Ed25519 signature; false for anything malformed. */
export const verifySignature: SignatureVerifier = (publicKey, signature, text) => {
  const key = imported.get(publicKey) ?? importKey(publicKey);
  const bytes = decodeBase64(signature);
  if (key === undefined || bytes?.length !== SIGNATURE_BYTES) return false;
  return verify(null, Buffer.from(text, 'utf8'), key, bytes);
};

/** The same on another thread, where many are to be verified. */
export async function verifySignatureAside(
  publicKey: string,
  signature: string,
  text: string,
): Promise<boolean> {
  const key = imported.get(publicKey) ?? importKey(publicKey);
  const bytes = decodeBase64(signature);
  if (key === undefined || bytes?.length !== SIGNATURE_BYTES) return false;
  return new Promise((resolve, reject) => {
    verify(null, Buffer.from(text, 'utf8'), key, bytes, (error, isValid) => {
      if (error === null) resolve(isValid);
      else reject(error);
    });
  });
}

/** Whether a text is the 32 bytes of a key in base64. */
export function isPublicKey(publicKey: string): boolean {
  return decodeBase64(publicKey)?.length === KEY_BYTES;
}

function importKey(publicKey: string): KeyObject | undefined {
  const bytes = decodeBase64(publicKey);
  if (bytes?.length !== KEY_BYTES) return undefined;
  const der = Buffer.concat([SPKI_PREFIX, bytes]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  imported.set(publicKey, key);
  return key;
}
