import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

const machinePath = /(?<![\w.:/*-])\/(work|farm|root)\//g;

export const machinePaths: Rule = {
  name: 'no file names a path of one machine',
  check: checkMachinePaths,
};

function checkMachinePaths(tree: Tree): string[] {
  const texts = [...tree.texts].filter(([path]) => !path.startsWith('tools/tidy/'));
  return texts.flatMap(([path, text]) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        [...line.matchAll(machinePath)].map(({ 0: found }) => `${path}:${index + 1} ${found}`),
      ),
  );
}
