import { findCycles, importEdges } from '../import-graph.ts';
import { layerOf } from '../layers.ts';
import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

export const importCycles: Rule = {
  name: 'neither files nor the folders of the homeserver import each other in a circle',
  check: checkImportCycles,
};

function checkImportCycles(tree: Tree): string[] {
  const edges = importEdges(tree.sources);
  const files = edges.map(({ from, to }) => [from, to] as const);
  const folders = edges.flatMap(({ from, to }) => {
    const pair = [layerOf(from)?.name, layerOf(to)?.name] as const;
    if (from.endsWith('.test.ts') || pair[0] === undefined || pair[1] === undefined) return [];
    return pair[0] === pair[1] ? [] : [[pair[0], pair[1]] as const];
  });
  return [...findCycles(files), ...findCycles(folders)].map((cycle) =>
    [...cycle, cycle[0]].join(' -> '),
  );
}
