import { descriptionCharactersMax, descriptionCharactersMin } from './limits.ts';

/**
 * The beginning of a text: whole paragraphs until there is enough, and of a long one whole words. Undefined if there
 * is no text.
 */
export function summarize(paragraphs: readonly string[]): string | undefined {
  let text = '';
  for (const paragraph of paragraphs) {
    if (text.length >= descriptionCharactersMin) break;
    const line = paragraph.replaceAll(/\s+/g, ' ').trim();
    if (line !== '') text += text === '' ? line : `\n\n${line}`;
  }
  if (text === '') return undefined;
  return text.length <= descriptionCharactersMax ? text : `${firstWords(text)}…`;
}

/** A cut within a word only where the word is very long; never within a character. */
function firstWords(text: string): string {
  const start = text.slice(0, descriptionCharactersMax);
  const cut = start.search(/\s\S*$/);
  const words = cut < descriptionCharactersMin ? start : start.slice(0, cut);
  return words.replace(/[\uD800-\uDBFF]$/, '').trimEnd();
}
