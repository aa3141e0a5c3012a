import { isUtf8 } from 'node:buffer';
import { TextDecoder } from 'node:util';

import { encodingCheckBytes, parseChunkBytes } from './limits.ts';

/** How much of a document is searched for what it says of its own encoding. */
const DECLARATION_BYTES = 1_024;

/**
 * The text of a document, in pieces: by its byte order mark, by what it declares, by the Content-Type it came with,
 * as UTF-8 if it is that, and else as windows-1252, in which every byte means something.
 */
export function* decodeText(
  bytes: Uint8Array,
  contentType: string,
): Generator<string, void, undefined> {
  const decoder = new TextDecoder(encodingOf(bytes, contentType));
  for (let at = 0; at < bytes.length; at += parseChunkBytes) {
    yield decoder.decode(bytes.subarray(at, at + parseChunkBytes), { stream: true });
  }
  yield decoder.decode();
}

function encodingOf(bytes: Uint8Array, contentType: string): string {
  const marked = markedEncoding(bytes);
  if (marked !== undefined) return marked;
  const labels = [...declaredLabels(bytes), headerLabel(contentType), 'utf-8'];
  return labels.find((label) => label !== undefined && isIn(bytes, label)) ?? 'windows-1252';
}

/** False for an encoding that is not known, and for bytes that are not in it; but for UTF-8 the first ones decide. */
function isIn(bytes: Uint8Array, label: string): boolean {
  try {
    const decoder = new TextDecoder(label, { fatal: true });
    if (decoder.encoding === 'utf-8') return isUtf8(bytes);
    decoder.decode(bytes.subarray(0, encodingCheckBytes), { stream: true });
    return true;
  } catch {
    return false;
  }
}

function markedEncoding([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return 'utf-8';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  return first === 0xff && second === 0xfe ? 'utf-16le' : undefined;
}

const META = /<\s*meta\b[^>]{0,500}?charset\s*=\s*["']?\s*([\w.:-]{1,40})/i;
const XML = /^\s*<\?xml\b[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})/i;

function declaredLabels(bytes: Uint8Array): string[] {
  const start = Buffer.from(bytes.subarray(0, DECLARATION_BYTES)).toString('latin1');
  return [META.exec(start)?.[1], XML.exec(start)?.[1]].flatMap((label) => {
    if (label === undefined) return [];
    // Whoever can read this declaration does not read UTF-16 (HTML standard, prescan).
    return /^utf-?16/i.test(label) ? ['utf-8'] : [label];
  });
}

function headerLabel(contentType: string): string | undefined {
  return /;\s*charset\s*=\s*["']?\s*([\w.:-]{1,40})/i.exec(contentType)?.[1];
}
