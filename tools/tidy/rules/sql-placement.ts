import type { Rule } from '../rule.ts';
import type { SourceFile } from '../source-file.ts';
import type { Tree } from '../tree.ts';

const statement = new RegExp(
  [
    'select\\b[^]*\\bfrom\\b[^]*[a-z_]',
    'insert (or \\w+ )?into\\b',
    'update \\w+ set \\w+ ?=',
    'delete from\\b',
    '(create|alter|drop) (unique )?(table|index|trigger)\\b',
    'with (recursive )?\\w+[^]{0,80}\\bas ?\\(',
  ]
    .map((pattern) => `^\\s*${pattern.replaceAll(' ?', '\\s*').replaceAll(' ', '\\s+')}`)
    .join('|'),
);

export const sqlPlacement: Rule = {
  name: 'SQL is written in *-store.ts files and in storage/ only',
  check: checkSqlPlacement,
};

function checkSqlPlacement(tree: Tree): string[] {
  return tree.sources
    .filter(({ path }) => path.startsWith('packages/') && !mayHoldSql(path))
    .flatMap(findSql);
}

function mayHoldSql(path: string): boolean {
  return path.includes('/storage/') || /-store(\.test)?\.ts$/.test(path);
}

function findSql({ path, strings }: SourceFile): string[] {
  return strings
    .filter(({ text }) => statement.test(lowerCaseKeyword(text)))
    .map(({ line, text }) => `${path}:${line} SQL: ${text.trim().slice(0, 40)}`);
}

/** SQL is written in lower or upper case; a capital and small letters begin a sentence. */
function lowerCaseKeyword(text: string): string {
  return /^\s*[A-Z]{4,}\b/.test(text) ? text.toLowerCase() : text;
}
