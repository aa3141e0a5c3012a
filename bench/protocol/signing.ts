import { createPublicKey, verify, type KeyObject } from 'node:crypto';

import type { SignatureVerifier } from '@soma/protocol';

import { nodeCrypto } from '../../packages/protocol/testing/node-crypto.ts';

/** The server whose events are measured, with the key of the specification's test vectors. */
export const signer = nodeCrypto('example.org');

const publicKeys = new Map<string, KeyObject>();

/** The key, made once, as whoever verifies many events of a server does. */
export function publicKeyOf(base64: string): KeyObject {
  let key = publicKeys.get(base64);
  if (key === undefined) {
    const x = Buffer.from(base64, 'base64').toString('base64url');
    key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    publicKeys.set(base64, key);
  }
  return key;
}

/** Verifies with Node's crypto, with keys made once. */
export const verifySignature: SignatureVerifier = (publicKey, signature, text) =>
  verify(null, Buffer.from(text), publicKeyOf(publicKey), Buffer.from(signature, 'base64'));
