import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** An Ed25519 key that a server signs with. */
export interface TestSigningKey {
  /** `ed25519:<version>` */
  readonly keyId: string;
  /** In unpadded base64. */
  readonly publicKey: string;
  /** The signature of the text's UTF-8 bytes in unpadded base64. */
  sign(text: string): string;
}

/** RFC 8410: what stands before the 32 bytes of a private, and of a public key. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

export function newSigningKey(version: string, seed: Buffer = randomBytes(32)): TestSigningKey {
  const der = Buffer.concat([pkcs8Prefix, seed]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return {
    keyId: `ed25519:${version}`,
    publicKey: unpadded(spki.subarray(spkiPrefix.length)),
    sign: (text) => unpadded(sign(null, Buffer.from(text, 'utf8'), privateKey)),
  };
}

/** The key that a server under test signs with, to check what it signs and to sign in its name. */
export function signingKeyOf(server: { readonly folder: string }): TestSigningKey {
  const line = readFileSync(join(server.folder, 'signing.key'), 'utf8');
  const [, version = '', seed = ''] = line.trim().split(' ');
  return newSigningKey(version, Buffer.from(seed, 'base64'));
}

export function verifySignature(publicKey: string, signature: string, text: string): boolean {
  const der = Buffer.concat([spkiPrefix, Buffer.from(publicKey, 'base64')]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return verify(null, Buffer.from(text, 'utf8'), key, Buffer.from(signature, 'base64'));
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
