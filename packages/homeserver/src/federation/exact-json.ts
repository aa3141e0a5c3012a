import { randomBytes } from 'node:crypto';

import { canonicalJson } from '@soma/protocol';

/** A number that JavaScript would not write as it was written: a fraction, an exponent, more than 15 digits. */
const UNUSUAL_NUMBER = /[0-9][.eE][0-9+-]|[0-9]{16}|-0\b/;

/** What `JSON.parse` tells a reviver of a value that is no object (ECMAScript 2026). */
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/**
 * The canonical JSON of a text with its numbers as they are written in it; undefined where that makes no difference.
 * Other servers sign what they send, and some send numbers that JavaScript would write otherwise: `1.0`, 2⁶³.
 */
export function canonicalWithNumbersAsWritten(text: string): string | undefined {
  if (!UNUSUAL_NUMBER.test(text)) return undefined;
  // Nobody can have written this mark into the text.
  const mark = `number-${randomBytes(16).toString('hex')}-`;
  const markNumbers: Reviver = (_key, value, { source }) =>
    typeof value === 'number' ? mark + String(source) : value;
  const marked = JSON.parse(text, markNumbers as (key: string, value: unknown) => unknown);
  return canonicalJson(marked).replaceAll(new RegExp(`"${mark}([^"]*)"`, 'g'), '$1');
}
