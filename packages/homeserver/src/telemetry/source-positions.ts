import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKED_POSITION = /(file:\/\/\S*\/soma-packed\/[\w-]+\.mjs):(\d+):(\d+)/g;

const maps = new Map<string, SourceMap>();

/** The trace with the positions of the sources in place of those of the packed program (tools/pack-program.mjs). */
export function withSourcePositions(trace: string): string {
  return trace.replaceAll(PACKED_POSITION, (packed: string, url: string, line: string, column) => {
    try {
      const origin = mapOf(url).findOrigin(Number(line), Number(column));
      if (!('fileName' in origin)) return packed;
      const path = resolve(fileURLToPath(new URL('.', url)), origin.fileName);
      return `${path}:${origin.lineNumber}:${origin.columnNumber}`;
    } catch {
      // A trace as it is says more than none.
      return packed;
    }
  });
}

/** Read at the first error that needs it: it is larger than the program. */
function mapOf(url: string): SourceMap {
  const known = maps.get(url);
  if (known !== undefined) return known;
  const map = new SourceMap(JSON.parse(readFileSync(new URL(`${url}.map`), 'utf8')));
  maps.set(url, map);
  return map;
}
