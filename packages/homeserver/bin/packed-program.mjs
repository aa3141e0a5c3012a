import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../', import.meta.url);

/** Where `npm ci` puts the packed program (tools/pack-program.ts): the same modules, joined into a few files. */
export const PACKED = new URL('node_modules/.cache/soma-packed/', root);

/** Where the packed `<name>.ts` is, unless there is none, or a file that it was made of has changed since. */
export function packedProgram(name, folder = PACKED) {
  try {
    const manifest = JSON.parse(readFileSync(new URL('manifest.json', folder), 'utf8'));
    const rootPath = fileURLToPath(root);
    // Paths in the program are made for one place.
    if (manifest.root !== rootPath) return undefined;
    for (const [path, stamp] of Object.entries(manifest.inputs)) {
      if (fileStamp(rootPath + path) !== stamp) return undefined;
    }
    return new URL(`${name}.mjs`, folder);
  } catch {
    return undefined;
  }
}

/** Changes when the file does. */
export function fileStamp(path) {
  const { size, mtimeMs } = statSync(path);
  return `${size} ${mtimeMs}`;
}
