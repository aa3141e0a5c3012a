import { hash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const BASE62 = `0123456789${LETTERS}`;
const RANDOM_LETTERS = 20;
const CHECKSUM_DIGITS = 6;

/**
 * A new access token of Synapse's form, from which load balancers read the user:
 * `syt_<localpart in base64>_<20 random letters>_<CRC-32 of all before in base 62>`.
 */
export function newAccessToken(localpart: string): string {
  return withChecksum(`syt_${nameIn(localpart)}_${randomLetters(RANDOM_LETTERS)}`);
}

/** The same with `syr`. */
export function newRefreshToken(localpart: string): string {
  return withChecksum(`syr_${nameIn(localpart)}_${randomLetters(RANDOM_LETTERS)}`);
}

/** The token of an `m.login.token` login: `syl_<20 random letters>_<CRC-32>`. */
export function newLoginToken(): string {
  return withChecksum(`syl_${randomLetters(RANDOM_LETTERS)}`);
}

/** What of a token is stored. */
export function hashOfToken(token: string): Uint8Array {
  return hash('sha256', token, 'buffer');
}

export function randomLetters(count: number, letters: string = LETTERS): string {
  return Array.from({ length: count }, () => letters[randomInt(letters.length)]).join('');
}

function nameIn(localpart: string): string {
  return Buffer.from(localpart).toString('base64url');
}

function withChecksum(base: string): string {
  return `${base}_${base62(crc32(base))}`;
}

function base62(value: number): string {
  let digits = '';
  for (let rest = value; rest > 0; rest = Math.floor(rest / BASE62.length)) {
    digits = (BASE62[rest % BASE62.length] ?? '') + digits;
  }
  return digits.padStart(CHECKSUM_DIGITS, '0');
}
