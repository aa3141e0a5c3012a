import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface ProfileNode {
  readonly id: number;
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
  };
}

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const linesMax = 30;

/** For each profile in the folder, the functions in which the most time was spent. */
export function summariseProfiles(folder: string): string {
  const files = globSync(join(folder, '*.cpuprofile')).toSorted();
  return files.map((file) => summarise(parseProfile(readFileSync(file, 'utf8')))).join('\n\n');
}

function summarise({ nodes, samples, timeDeltas }: Profile): string {
  const titles = new Map(nodes.map((node) => [node.id, titleOf(node)]));
  const times = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const title = titles.get(id) ?? '?';
    times.set(title, (times.get(title) ?? 0) + (timeDeltas[index] ?? 0));
  }
  times.delete('(idle)');
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  const lines = [...times]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, linesMax)
    .map(([title, time]) => `${((time / total) * 100).toFixed(1).padStart(6)} %  ${title}`);
  return [`a thread busy for ${(total / 1e6).toFixed(1)} s, self time:`, ...lines].join('\n');
}

function titleOf({ callFrame }: ProfileNode): string {
  const { functionName, url, lineNumber } = callFrame;
  const name = functionName === '' ? '(anonymous)' : functionName;
  const place = url.split('/').slice(-2).join('/');
  return place === '' ? name : `${name} ${place}:${lineNumber + 1}`;
}

/** The format is that of the Chrome DevTools Protocol, `Profiler.Profile`, as Node writes it. */
function parseProfile(text: string): Profile {
  return JSON.parse(text) as Profile;
}
