const STANDARD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const URL_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const VALUES = valuesByCharCode();

/**
 * Encodes bytes as unpadded standard base64 (spec: Appendices, "Unpadded Base64").
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { encodeBase64 } from '@soma/protocol';
 *
 * assert.equal(encodeBase64(new TextEncoder().encode('fo')), 'Zm8');
 * ```
 */
export function encodeBase64(bytes: Uint8Array): string {
  return encode(bytes, STANDARD);
}

/**
 * Encodes bytes as unpadded URL-safe base64.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { encodeUrlSafeBase64 } from '@soma/protocol';
 *
 * assert.equal(encodeUrlSafeBase64(Uint8Array.of(0xfb, 0xff)), '-_8');
 * ```
 */
export function encodeUrlSafeBase64(bytes: Uint8Array): string {
  return encode(bytes, URL_SAFE);
}

/**
 * Decodes base64 of either alphabet, padded or not ("implementations SHOULD accept input with or without
 * padding"). Undefined when a character or the length cannot be base64.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { decodeBase64 } from '@soma/protocol';
 *
 * assert.deepEqual(decodeBase64('-_8'), Uint8Array.of(0xfb, 0xff));
 * assert.equal(decodeBase64('no base64!'), undefined);
 * ```
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const digits = stripPadding(text);
  if (digits.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
  let bits = 0;
  let bitCount = 0;
  let length = 0;
  for (let index = 0; index < digits.length; index++) {
    const value = VALUES[digits.charCodeAt(index)] ?? -1;
    if (value < 0) return undefined;
    bits = ((bits << 6) | value) & 0xffff;
    bitCount += 6;
    if (bitCount >= 8) {
      bitCount -= 8;
      bytes[length++] = (bits >> bitCount) & 0xff;
    }
  }
  return bytes;
}

/**
 * Removes trailing `=`.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { stripPadding } from '@soma/protocol';
 *
 * assert.equal(stripPadding('Zm8='), 'Zm8');
 * ```
 */
export function stripPadding(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0x3d) end--;
  return end === text.length ? text : text.slice(0, end);
}

/**
 * Turns standard base64, padded or not, into unpadded URL-safe base64 of the same bytes.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { toUrlSafeBase64 } from '@soma/protocol';
 *
 * assert.equal(toUrlSafeBase64('+/8='), '-_8');
 * ```
 */
export function toUrlSafeBase64(text: string): string {
  return stripPadding(text).replaceAll('+', '-').replaceAll('/', '_');
}

function encode(bytes: Uint8Array, alphabet: string): string {
  let text = '';
  for (let index = 0; index < bytes.length; index += 3) {
    const left = bytes.length - index;
    const [first = 0, second = 0, third = 0] = bytes.subarray(index, index + 3);
    text += alphabet.charAt(first >> 2) + alphabet.charAt(((first & 3) << 4) | (second >> 4));
    if (left > 1) text += alphabet.charAt(((second & 15) << 2) | (third >> 6));
    if (left > 2) text += alphabet.charAt(third & 63);
  }
  return text;
}

function valuesByCharCode(): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (const alphabet of [STANDARD, URL_SAFE]) {
    for (let value = 0; value < 64; value++) values[alphabet.charCodeAt(value)] = value;
  }
  return values;
}
