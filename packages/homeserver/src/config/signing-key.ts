import { createPrivateKey, createPublicKey, randomBytes, sign as signBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** A key this server signs with: events, requests and its own key document. */
export interface SigningKey {
  /** `ed25519:<version>` */
  readonly keyId: string;
  /** Parsed once: importing the key for every signature would cost more than a signature. */
  readonly privateKey: KeyObject;
  /** 32 bytes as unpadded base64. */
  readonly publicKeyBase64: string;
  /** Signs the UTF-8 bytes of the text; returns unpadded base64. */
  sign(text: string): string;
}

const SEED_BYTES = 32;
const VERSION_CHARACTERS = 4;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** RFC 8410: what stands before the seed in the PKCS #8 form of an Ed25519 key. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Reads Synapse's key file: one `ed25519 <version> <seed in unpadded base64>` per line. The first
 * key is the one to sign with. Throws an Error whose message completes "expected …, found" with
 * what is wrong, never with the key's content.
 */
export function parseSigningKeys(text: string): [SigningKey, ...SigningKey[]] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const [first, ...rest] = lines.map(parseLine);
  if (first === undefined) throw new Error('no key');
  return [first, ...rest];
}

/** A new key as one line of Synapse's key file, without the line's end. */
export function generateSigningKeyLine(): string {
  const version = Array.from(
    randomBytes(VERSION_CHARACTERS),
    (byte) => LETTERS[byte % LETTERS.length],
  ).join('');
  return `ed25519 a_${version} ${unpadded(randomBytes(SEED_BYTES))}`;
}

/** The key of a 32-byte seed. */
export function signingKeyFromSeed(version: string, seed: Uint8Array): SigningKey {
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const publicDer = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return {
    keyId: `ed25519:${version}`,
    privateKey,
    publicKeyBase64: unpadded(publicDer.subarray(-SEED_BYTES)),
    sign: (text) => signText(privateKey, text),
  };
}

/** The Ed25519 signature of the text's UTF-8 bytes, in unpadded base64. */
export function signText(privateKey: KeyObject, text: string): string {
  return unpadded(signBytes(null, Buffer.from(text, 'utf8'), privateKey));
}

function parseLine(line: string, index: number): SigningKey {
  const where = `line ${index + 1} with`;
  const [algorithm, version, seedBase64, ...extra] = line.trim().split(/\s+/);
  if (algorithm === undefined || version === undefined || seedBase64 === undefined) {
    throw new Error(`${where} fewer than three words`);
  }
  if (extra.length > 0) throw new Error(`${where} more than three words`);
  if (algorithm !== 'ed25519') throw new Error(`${where} another algorithm than ed25519`);
  if (!/^[A-Za-z0-9_]+$/.test(version)) {
    throw new Error(`${where} a version of other characters than letters, digits and _`);
  }
  const seed = Buffer.from(seedBase64, 'base64');
  if (!/^[A-Za-z0-9+/]+=?$/.test(seedBase64) || seed.length !== SEED_BYTES) {
    throw new Error(`${where} a seed that is not 32 bytes in base64`);
  }
  return signingKeyFromSeed(version, seed);
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
