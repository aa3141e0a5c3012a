import { catalogue } from './catalogue.ts';
import type { PageTexts } from './catalogue.ts';

export type PageLanguage = keyof typeof catalogue;

/** The language of a page, with its texts. */
export interface LocalTexts {
  readonly language: PageLanguage;
  readonly texts: PageTexts;
  /** The languages that the reader wants, best first, as tags in small letters. */
  readonly wanted: readonly string[];
}

/** The best of our languages for an `Accept-Language` header (RFC 9110, section 12.5.4). */
export function textsFor(acceptLanguage: string | undefined): LocalTexts {
  const wanted = wantedLanguages(acceptLanguage ?? '');
  const known = wanted.map(primary).find(isKnown);
  const language = known ?? 'en';
  return { language, texts: catalogue[language], wanted };
}

/** The primary subtag: `de` of `de-at`. */
export function primary(tag: string): string {
  return tag.split('-', 1)[0] ?? tag;
}

function wantedLanguages(header: string): string[] {
  return header
    .split(',')
    .map((part) => {
      const [tag = '', ...params] = part.split(';').map((each) => each.trim().toLowerCase());
      const weight = params.find((each) => each.startsWith('q='));
      return { tag, weight: weight === undefined ? 1 : Number(weight.slice(2)) };
    })
    .filter(({ tag, weight }) => tag !== '' && weight > 0)
    .toSorted((one, other) => other.weight - one.weight)
    .map(({ tag }) => tag);
}

function isKnown(tag: string): tag is PageLanguage {
  return Object.hasOwn(catalogue, tag);
}
