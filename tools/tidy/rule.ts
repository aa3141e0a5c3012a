import type { Tree } from './tree.ts';

export interface Rule {
  /** What holds for the tree, as a sentence. */
  readonly name: string;
  /** Lists what breaks the rule, each as `path:line what is wrong`. */
  readonly check: (tree: Tree) => string[];
}
