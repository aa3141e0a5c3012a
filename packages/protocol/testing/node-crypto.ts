import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto';

import { decodeBase64 } from '../src/events/base64.ts';
import type { EventCrypto, SignatureVerifier } from '../src/events/types.ts';

// The DER headers before the 32 bytes of an ed25519 seed and of a public key (RFC 8410).
const PRIVATE_KEY_HEADER = Buffer.from('302e020100300506032b657004220420', 'hex');
const PUBLIC_KEY_HEADER = Buffer.from('302a300506032b6570032100', 'hex');

/** The key of the spec's vectors (spec: Appendices, "Cryptographic Test Vectors"). */
export const SPEC_SEED = 'YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1';

/** The crypto that this package is handed in tests, over node:crypto. */
export function nodeCrypto(
  serverName = 'domain',
  keyId = 'ed25519:1',
  seed = SPEC_SEED,
): EventCrypto & { publicKey: string } {
  const key = createPrivateKey({
    key: Buffer.concat([PRIVATE_KEY_HEADER, Buffer.from(seed, 'base64')]),
    format: 'der',
    type: 'pkcs8',
  });
  const der = createPublicKey(key).export({ format: 'der', type: 'spki' });
  return {
    serverName,
    keyId,
    publicKey: der.subarray(PUBLIC_KEY_HEADER.length).toString('base64').replaceAll('=', ''),
    sha256: (text) => hash('sha256', text, 'base64'),
    sign: (text) => sign(null, Buffer.from(text), key).toString('base64').replaceAll('=', ''),
  };
}

/** Verifies with node:crypto. */
export const nodeVerify: SignatureVerifier = (publicKey, signature, text) => {
  const keyBytes = decodeBase64(publicKey);
  const signatureBytes = decodeBase64(signature);
  if (keyBytes?.length !== 32 || signatureBytes === undefined) return false;
  const key = createPublicKey({
    key: Buffer.concat([PUBLIC_KEY_HEADER, keyBytes]),
    format: 'der',
    type: 'spki',
  });
  return verify(null, Buffer.from(text), key, signatureBytes);
};
