import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

/** Words that say nothing of what a file holds, so that anything ends up in it. */
const empty = ['utils', 'util', 'helpers', 'helper', 'manager', 'common', 'misc'];

const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
const capitalDocument = /^[A-Z]+(_[A-Z]+)*\.md$/;

export const names: Rule = {
  name: 'files and folders have telling names in kebab-case',
  check: checkNames,
};

function checkNames(tree: Tree): string[] {
  return [...tree.texts.keys()].filter((path) => path.includes('/')).flatMap(checkPath);
}

function checkPath(path: string): string[] {
  return path.split('/').flatMap((segment) => {
    if (segment.startsWith('.') || capitalDocument.test(segment)) return [];
    if (!kebabCase.test(segment)) return [`${path} ${segment} is not in kebab-case`];
    const word = segment.split(/[-.]/).find((part) => empty.includes(part));
    return word === undefined ? [] : [`${path} "${word}" does not say what it holds`];
  });
}
