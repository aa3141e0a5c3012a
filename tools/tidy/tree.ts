import { globSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

import { parseSource, type SourceFile } from './source-file.ts';

/** The repository's text files, which the rules look at. Paths have forward slashes. */
export interface Tree {
  readonly texts: ReadonlyMap<string, string>;
  readonly sources: readonly SourceFile[];
}

const textGlobs = [
  '{packages,tests,tools,bench,docs,deploy}/**/*',
  '*.{md,json,jsonc,yaml,yml,ts}',
  '.oxlintrc.json',
  '.oxfmtrc.json',
  '.gitignore',
  '.ci/run',
];
const textExtension = /(\.(ts|mjs|js|json|jsonc|jsonl|md|sql|tsv|txt|ya?ml|sh)|\/run|\.gitignore)$/;

export function readTree(root: string): Tree {
  const paths = globSync(textGlobs, { cwd: root, exclude: ['**/node_modules'] })
    .map((path) => path.replaceAll(sep, '/'))
    .filter((path) => textExtension.test(path));
  return treeOf(new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')])));
}

export function treeOf(texts: ReadonlyMap<string, string>): Tree {
  const sources = [...texts]
    .filter(([path]) => path.endsWith('.ts'))
    .map(([path, text]) => parseSource(path, text));
  return { texts, sources };
}
