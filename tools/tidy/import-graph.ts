import { posix } from 'node:path';

import type { Import, SourceFile } from './source-file.ts';

export interface ImportEdge {
  readonly from: string;
  readonly line: number;
  /** Path of the imported file, which may not exist. */
  readonly to: string;
}

/** The imports between the repository's own files. */
export function importEdges(sources: readonly SourceFile[]): ImportEdge[] {
  return sources.flatMap(({ path, imports }) =>
    imports.flatMap((imported) => {
      const to = resolve(path, imported);
      return to === undefined ? [] : [{ from: path, line: imported.line, to }];
    }),
  );
}

function resolve(from: string, { specifier }: Import): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(from), specifier);
  const workspace = /^@soma\/([a-z-]+)/.exec(specifier)?.[1];
  return workspace === undefined ? undefined : `packages/${workspace}/src/index.ts`;
}

/** Finds cycles: one list of nodes for each, in import order, starting anywhere in it. */
export function findCycles(edges: readonly (readonly [string, string])[]): string[][] {
  const targets = Map.groupBy(edges, ([from]) => from);
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[][] = [];
  const trail: string[] = [];
  const visit = (node: string): void => {
    state.set(node, 'open');
    trail.push(node);
    for (const [, target] of targets.get(node) ?? []) {
      if (state.get(target) === 'open') cycles.push(trail.slice(trail.indexOf(target)));
      else if (!state.has(target)) visit(target);
    }
    trail.pop();
    state.set(node, 'done');
  };
  for (const node of targets.keys()) if (!state.has(node)) visit(node);
  return cycles;
}
