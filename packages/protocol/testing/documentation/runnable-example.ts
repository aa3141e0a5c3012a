import { parseSync } from 'oxc-parser';

import type { PackageExport } from './package-exports.ts';

const prelude = `import { deepStrictEqual } from 'node:assert/strict';
const expectEqual = (actual: unknown, expected: unknown): void => deepStrictEqual(actual, expected);
`;

/**
 * An example as a module that fails when the example does not hold. Above an example that imports nothing from the
 * package come the imports that it needs, and `expression; // => value` (the value may go on in the comments of the
 * next lines) becomes a comparison.
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
    if (/\S|\n/.test(example.slice(statement.end, first.start))) continue;
    let { value, end } = first;
    for (const next of comments.slice(index + 1)) {
      if (!/^\n\s*$/.test(example.slice(end, next.start))) break;
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
