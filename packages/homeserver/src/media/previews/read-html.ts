import { setImmediate as othersTurn } from 'node:timers/promises';

import { Parser } from 'htmlparser2';

import { DocumentReader } from './document-reader.ts';
import { parseChunkCharacters } from './limits.ts';
import type { PageFacts } from './page-facts.ts';

/**
 * Reads a document as it is, however broken. No tree is built, and what exceeds a limit ends the reading: what was
 * found until then counts.
 */
export async function readHtml(html: string): Promise<PageFacts> {
  const reader = new DocumentReader();
  const parser = new Parser(reader);
  for (let at = 0; at < html.length; at += parseChunkCharacters) {
    parser.write(html.slice(at, at + parseChunkCharacters));
    if (reader.isFull) return reader.facts();
    await othersTurn();
  }
  parser.end();
  return reader.facts();
}
