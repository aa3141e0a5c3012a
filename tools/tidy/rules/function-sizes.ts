import { percentile } from '../percentile.ts';
import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

const linesP90 = 40;
const linesMax = 70;

export const functionSizes: Rule = {
  name: `functions are short (lines: p90 ${linesP90}, at most ${linesMax})`,
  check: checkFunctionSizes,
};

function checkFunctionSizes(tree: Tree): string[] {
  const spans = tree.sources.flatMap(({ path, functions }) =>
    functions.map((span) => ({ path, ...span })),
  );
  const problems = spans
    .filter(({ lineCount }) => lineCount > linesMax)
    .map(({ path, line, lineCount }) => `${path}:${line} a function of ${lineCount} lines`);
  const p90 = percentile(
    spans.map(({ lineCount }) => lineCount),
    90,
  );
  if (p90 > linesP90) problems.push(`a tenth of the functions have ${p90} lines or more`);
  return problems;
}
