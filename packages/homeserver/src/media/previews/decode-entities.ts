import { Parser } from 'htmlparser2';

/** `Tom &amp; Jerry` as people read it. */
export function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  let decoded = '';
  // A tag would be one more thing that is written where none belongs; as text it is harmless.
  const parser = new Parser({ ontext: (piece) => (decoded += piece) });
  parser.end(text.replaceAll('<', '&lt;'));
  return decoded;
}
