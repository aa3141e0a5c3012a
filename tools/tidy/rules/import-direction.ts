import { importEdges, type ImportEdge } from '../import-graph.ts';
import { layerOf } from '../layers.ts';
import type { Rule } from '../rule.ts';
import type { Tree } from '../tree.ts';

export const importDirection: Rule = {
  name: 'imports point downwards',
  check: checkImportDirection,
};

function checkImportDirection(tree: Tree): string[] {
  const unknown = tree.sources
    .filter(({ path }) => layerOf(path) !== undefined && layerOf(path)?.rank === undefined)
    .map(({ path }) => `${path} is in a folder that tools/tidy/layers.ts does not know`);
  const wrong = importEdges(tree.sources).flatMap((edge) => {
    const reason = whyWrong(edge);
    return reason === undefined ? [] : [`${edge.from}:${edge.line} imports ${edge.to}: ${reason}`];
  });
  return [...unknown, ...wrong];
}

function whyWrong({ from, to }: ImportEdge): string | undefined {
  const isTest = from.endsWith('.test.ts');
  if (from.startsWith('packages/') && !to.startsWith('packages/')) {
    const allowed = isTest && to.startsWith('tests/harness/');
    return allowed ? undefined : 'packages import packages, and their tests the harness';
  }
  if (from.startsWith('packages/protocol/') && !to.startsWith('packages/protocol/')) {
    return 'the protocol package imports only itself';
  }
  if (from.startsWith('tests/') && to.startsWith('packages/homeserver/')) {
    // The list of endpoints is data, by which tests go over all that is served.
    const allowed = from.startsWith('tests/simulation/') || to.endsWith('/endpoints.ts');
    return allowed ? undefined : 'these tests see the server from outside';
  }
  if (!isTest && to.endsWith('.test.ts')) return 'it is a test';
  const [fromRank, toRank] = [layerOf(from)?.rank, layerOf(to)?.rank];
  if (fromRank === undefined || toRank === undefined || toRank <= fromRank) return undefined;
  return 'it points upwards';
}
