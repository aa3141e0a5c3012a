/**
 * One reversible escape for text from outside in columns of its own: what the engines do not hold alike
 * (U+0000, lone surrogates), and the escape character itself, become U+001A and four hex digits.
 */

const ESCAPE = '\u001a';
// A lone surrogate is one that `u` mode does not read as half of a pair.
const UNSAFE = /[\u0000\u001a]|\p{Surrogate}/gu;
/** A quick look first: hardly any text has one of these. */
const SUSPECT = /[\u0000\u001a\ud800-\udfff]/;
const ESCAPED = /\u001a([0-9a-f]{4})/g;

export function escapeText(text: string): string {
  if (!SUSPECT.test(text)) return text;
  return text.replaceAll(
    UNSAFE,
    (found) => ESCAPE + found.charCodeAt(0).toString(16).padStart(4, '0'),
  );
}

export function unescapeText(text: string): string {
  if (!text.includes(ESCAPE)) return text;
  return text.replaceAll(ESCAPED, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
