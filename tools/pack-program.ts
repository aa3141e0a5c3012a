import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { rolldown } from 'rolldown';

import { PACKED, fileStamp } from '../packages/homeserver/bin/packed-program.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));

/** What is started or loaded by its name; each becomes a file of that name. */
const PROGRAMS = [
  'main',
  'homeserver',
  'cli',
  'storage/dialect/sqlite/sqlite-writer-thread',
  'storage/dialect/postgres/postgres-database',
];

/**
 * Joins the modules of the program into a few files, for the memory and the time that each module of its own costs
 * Node (docs/decisions/0008-packed-program.md). A manifest says what they were made of; bin/packed-program.mjs
 * compares.
 */
export async function packProgram(folder = PACKED): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const bundle = await rolldown({
    input: Object.fromEntries(PROGRAMS.map((path) => [nameOf(path), sourceOf(path)])),
    platform: 'node',
    external: isApart,
    transform: { target: 'esnext' },
    plugins: [ownAddresses],
    logLevel: 'silent',
  });
  const { output } = await bundle.write({
    dir: fileURLToPath(folder),
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
    sourcemap: 'hidden',
    // Comments would stay in memory with the rest of the text.
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  });
  await bundle.close();
  const inputs = output
    .flatMap((each) => (each.type === 'chunk' ? each.moduleIds : []))
    .filter((path) => path.startsWith(root))
    .map((path) => [path.slice(root.length), fileStamp(path)]);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    new URL('manifest.json', folder),
    JSON.stringify({ root, inputs: Object.fromEntries(inputs) }),
  );
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function sourceOf(path: string): string {
  return `${root}packages/homeserver/src/${path}.ts`;
}

/** Our modules and TypeBox's four hundred are joined; other packages, some of them native, stay where they are. */
function isApart(name: string, importer: string | undefined): boolean {
  if (/^[./]/.test(name) || /^(@soma\/|@oxc-project\/|typebox($|\/))/.test(name)) return false;
  return !importer?.includes('/node_modules/typebox/');
}

const ownAddresses = {
  name: 'own addresses',
  transform: {
    filter: { id: /\/packages\/\w+\/src\/.*\.ts$/, code: 'import.meta.url' },
    handler: (text: string, path: string) => ({ code: withOwnAddress(text, path) }),
  },
};

/** A module goes on to find files beside its source, and the program of a thread beside the packed one. */
function withOwnAddress(text: string, path: string): string {
  const address = JSON.stringify(pathToFileURL(path).href);
  return text.replaceAll(
    /(?:new URL\('([\w-]+)\.ts', )?import\.meta\.url/g,
    (_, thread: string | undefined) =>
      thread === undefined ? address : `new URL('${thread}.mjs', import.meta.url`,
  );
}
