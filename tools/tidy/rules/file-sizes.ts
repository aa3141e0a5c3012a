import { dataTables } from '../exceptions.ts';
import { percentile } from '../percentile.ts';
import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

const linesMedian = 120;
const linesP90 = 300;
const linesMax = 500;

export const fileSizes: Rule = {
  name: `files are short (lines: median ${linesMedian}, p90 ${linesP90}, at most ${linesMax})`,
  check: checkFileSizes,
};

function checkFileSizes(tree: Tree): string[] {
  const files = tree.sources.filter(({ path }) => !dataTables.includes(path));
  const counts = files.map(({ lineCount }) => lineCount);
  const problems = files
    .filter(({ lineCount }) => lineCount > linesMax)
    .map(({ path, lineCount }) => `${path} has ${lineCount} lines, more than ${linesMax}`);
  const median = percentile(counts, 50);
  if (median > linesMedian) problems.push(`the median file has ${median} lines`);
  const p90 = percentile(counts, 90);
  if (p90 > linesP90) problems.push(`a tenth of the files have ${p90} lines or more`);
  return problems;
}
