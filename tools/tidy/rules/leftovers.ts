import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

/** Put together here, so that this file does not break its own rule. */
const notes = ['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'];
const leftover = new RegExp(
  `\\b(${notes.join('|')})\\b|\\bas any\\b|@ts-(ignore|nocheck)|\\.(only|skip)\\(`,
  'g',
);

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
