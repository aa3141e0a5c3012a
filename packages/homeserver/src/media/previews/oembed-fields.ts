import { Parser } from 'htmlparser2';

import { depthMax } from './limits.ts';

/** The fields of an oEmbed description in either format; undefined if it is none. */
export function oembedFields(
  text: string,
  format: 'json' | 'xml',
): ReadonlyMap<string, unknown> | undefined {
  const fields = format === 'json' ? jsonFields(text) : xmlFields(text);
  // It is required, often absent, and sometimes a number.
  const version = fields?.get('version') ?? '1.0';
  const isKnown = ['1.0', '1', 1].some((each) => each === version);
  return isKnown ? fields : undefined;
}

function jsonFields(text: string): Map<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isMapping = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isMapping ? new Map(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The texts of the root's children. A document type is refused, and with it every entity that it could define; the
 * parser knows only those of XML itself.
 */
function xmlFields(text: string): Map<string, unknown> | undefined {
  const fields = new Map<string, string>();
  let depth = 0;
  let name = '';
  let isOembed = false;
  let isRefused = false;
  const refuse = (): void => {
    isRefused = true;
    parser.pause();
  };
  const parser = new Parser(
    {
      onopentagname(opened) {
        depth += 1;
        if (depth === 1) isOembed = opened === 'oembed';
        if (depth === 2) name = opened;
        if (depth > depthMax) refuse();
      },
      ontext(piece) {
        if (depth === 2) fields.set(name, (fields.get(name) ?? '') + piece);
      },
      onclosetag() {
        depth -= 1;
      },
      onprocessinginstruction(instruction) {
        if (instruction.startsWith('!')) refuse();
      },
    },
    { xmlMode: true },
  );
  parser.write(text);
  if (isRefused) return undefined;
  parser.end();
  return isOembed ? fields : undefined;
}
