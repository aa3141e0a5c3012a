/** More of a text is not searched for. */
const WORDS_MAX = 2_000;
/** In characters; the index of PostgreSQL takes no longer ones. */
const WORD_LENGTH_MAX = 200;

/**
 * The words of a text as the index has them, which is the same in both engines: in lower case, without accents.
 * Scripts that put no spaces between words count each character as one.
 */
export function wordsOf(text: string): string[] {
  const folded = text
    .normalize('NFKD')
    .replaceAll(/\p{Mn}/gu, '')
    // Some letters have no small form of their own: ß is ss.
    .toUpperCase()
    .toLowerCase();
  const found =
    folded.match(
      /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]|(?:(?![\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}])[\p{L}\p{N}])+/gu,
    ) ?? [];
  return found.slice(0, WORDS_MAX).map((word) => word.slice(0, WORD_LENGTH_MAX));
}
