import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { parseSync } from 'oxc-parser';

import { codeBlocksOf } from './code-blocks.ts';

/** A name that the package exports, and what is written above its declaration. */
export interface PackageExport {
  readonly name: string;
  readonly isType: boolean;
  /** Relative to the folder of the index, with forward slashes: `push-rules/types.ts`. */
  readonly file: string;
  /** The text of its JSDoc, without the stars; undefined when it has none. */
  readonly documentation: string | undefined;
  /** Its `@example` blocks of TypeScript. */
  readonly examples: readonly string[];
}

/** The exports of an index that has nothing but `export { … } from './file.ts'`. */
export function packageExports(indexPath: string): PackageExport[] {
  const { module } = parseSync(indexPath, readFileSync(indexPath, 'utf8'));
  const files = new Map<string, ReadonlyMap<string, string>>();
  return module.staticExports.flatMap(({ entries }) =>
    entries.map(({ exportName, isType, moduleRequest }) => {
      const name = exportName.name ?? '';
      const file = (moduleRequest?.value ?? '').replace(/^\.\//, '');
      const comments = files.get(file) ?? documentationIn(join(dirname(indexPath), file));
      files.set(file, comments);
      const documentation = comments.get(name);
      return { name, isType, file, documentation, examples: examplesIn(documentation ?? '') };
    }),
  );
}

/** The JSDoc of each exported declaration of a file. */
function documentationIn(path: string): ReadonlyMap<string, string> {
  const text = readFileSync(path, 'utf8');
  const { program, comments } = parseSync(path, text);
  const documentation = new Map<string, string>();
  for (const statement of program.body) {
    if (statement.type !== 'ExportNamedDeclaration') continue;
    const comment = comments.findLast(({ end }) => end <= statement.start);
    if (comment === undefined || !comment.value.startsWith('*')) continue;
    if (text.slice(comment.end, statement.start).trim() !== '') continue;
    for (const name of declaredNames(statement.declaration)) {
      if (!documentation.has(name)) documentation.set(name, withoutStars(comment.value));
    }
  }
  return documentation;
}

type Declaration = Extract<
  ReturnType<typeof parseSync>['program']['body'][number],
  { type: 'ExportNamedDeclaration' }
>['declaration'];

function declaredNames(declaration: Declaration): string[] {
  if (declaration === null) return [];
  if (declaration.type === 'VariableDeclaration') {
    return declaration.declarations.flatMap(({ id }) =>
      id.type === 'Identifier' ? [id.name] : [],
    );
  }
  const { id } = declaration;
  return id !== null && 'name' in id && typeof id.name === 'string' ? [id.name] : [];
}

function withoutStars(comment: string): string {
  return comment.replace(/^\*/, '').replaceAll(/^\s*\* ?/gm, '');
}

function examplesIn(documentation: string): string[] {
  const [, ...examples] = documentation.split(/^\s*@example\b/m);
  return examples.flatMap((example) => codeBlocksOf(`${example}\n`, 'ts').map(({ text }) => text));
}
