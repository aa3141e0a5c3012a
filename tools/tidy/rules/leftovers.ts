import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

const leftover = /\b(TODO|FIXME|XXX|HACK)\b|\bas any\b|@ts-(ignore|nocheck)|\.(only|skip)\(/g;

export const leftovers: Rule = {
  name: 'nothing is left over: no notes to self, silenced types, or tests set aside',
  check: checkLeftovers,
};

function checkLeftovers(tree: Tree): string[] {
  return tree.sources
    .filter(({ path }) => !path.startsWith('tools/tidy/'))
    .flatMap(({ path, text, lineAt }) =>
      [...text.matchAll(leftover)].map(({ 0: found, index }) => {
        return `${path}:${lineAt(index)} "${found}"`;
      }),
    );
}
