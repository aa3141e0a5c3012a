import { parseSync } from 'oxc-parser';

import type { PackageExport } from './package-exports.ts';

// Not the assertion itself, which would narrow the types of what it has compared.
const prelude = `import { deepStrictEqual as compareDeeply } from 'node:assert/strict';
const expectEqual = (actual: unknown, expected: unknown): void => compareDeeply(actual, expected);
`;

/**
 * An example as a module that fails when the example does not hold. An example that imports nothing from the package
 * gets the imports that it needs. `expression; // => value` becomes a comparison; the comment may stand on the next
 * line, and the value go on in the comments of the lines after it, further in.
 */
export function runnableExample(example: string, exports: readonly PackageExport[]): string {
  return `${prelude}${importsFor(example, exports)}${withComparisons(example)}\nexport {};\n`;
}

function importsFor(example: string, exports: readonly PackageExport[]): string {
  if (example.includes(`from '@soma/protocol'`)) return '';
  const names = exports
    .filter(({ name }) => new RegExp(`\\b${name}\\b`).test(example))
    .map(({ name, isType }) => (isType ? `type ${name}` : name));
  return `import { ${names.join(', ')} } from '@soma/protocol';\n`;
}

function withComparisons(example: string): string {
  const { program, comments } = parseSync('example.ts', example);
  let text = example;
  for (const statement of program.body.toReversed()) {
    if (statement.type !== 'ExpressionStatement') continue;
    const index = comments.findIndex(({ start }) => start >= statement.end);
    const first = comments[index];
    if (first === undefined || !first.value.startsWith(' => ')) continue;
    if (/\S/.test(example.slice(statement.end, first.start))) continue;
    let { value, end } = first;
    for (const next of comments.slice(index + 1)) {
      if (!next.value.startsWith('  ') || /[^\s]/.test(example.slice(end, next.start))) break;
      value += `\n${next.value}`;
      end = next.end;
    }
    const { start, end: expressionEnd } = statement.expression;
    const expression = example.slice(start, expressionEnd);
    const comparison = `expectEqual(${expression}, (${value.slice(' => '.length)}));`;
    text = text.slice(0, statement.start) + comparison + text.slice(end);
  }
  return text;
}
