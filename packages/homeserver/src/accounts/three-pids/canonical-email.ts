import { invalidParam } from '../../errors/matrix-error.ts';
import { emailBytesMax } from './limits.ts';

/** Nothing that could be an address to somebody else's eyes, or a second line of a mail's head. */
const EMAIL = /^[^\s@<>(),;:\\"[\]\p{Cc}]+@[^\s@<>(),;:\\"[\]\p{Cc}]+$/u;

/** An address as it is compared (appendices, "3PID Types"). Throws `400 M_INVALID_PARAM` for what is none. */
export function canonicalEmail(text: string): string {
  const email = caseFolded(text.trim());
  if (!EMAIL.test(email) || Buffer.byteLength(email) > emailBytesMax) {
    throw invalidParam('That is not an email address');
  }
  return email;
}

/** Unicode's full case folding, which goes letter by letter: the last sigma of a word is one like others. */
function caseFolded(text: string): string {
  return Array.from(text, (letter) => letter.toUpperCase().toLowerCase()).join('');
}
