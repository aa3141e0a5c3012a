import { setImmediate as othersTurn } from 'node:timers/promises';

import { Parser } from 'htmlparser2';

import { DocumentReader } from './document-reader.ts';
import type { PageFacts } from './page-facts.ts';

/**
 * Reads a document as it is, however broken, piece by piece, with others getting their turn in between. No tree is
 * built, and what exceeds a limit ends the reading: what was found until then counts.
 */
export async function readHtml(pieces: Iterable<string>): Promise<PageFacts> {
  const reader = new DocumentReader();
  const parser = new Parser(reader);
  for (const piece of pieces) {
    parser.write(piece);
    if (reader.isFull) return reader.facts();
    await othersTurn();
  }
  parser.end();
  return reader.facts();
}
