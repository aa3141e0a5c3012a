import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { protocolScenarios } from './protocol/scenarios.ts';
import { headingOf, type Section } from './report.ts';
import { scenarios } from './scenarios/scenarios.ts';

const path = fileURLToPath(new URL('../docs/reference/performance.md', import.meta.url));

const introduction = `# Performance

Written by \`npm run bench -- --write\`: medians, with the least and the most that was measured.
Server, database and load generator share the machine, so that the figures are for comparison.
In each round Soma and a *bare reference* (\`bench/bare\`) get the same requests by turns, each on a
fresh database; sends are measured in several turns of 1.5 s. The bare reference is the floor that
the machine sets: \`node:http\`, JSON, SHA-256, an Ed25519 signature and one fsynced SQLite row per
event with group commit, and nothing of Matrix. The last column is the median of the ratios of the
turns. Rate limits are out of the way; all else in Soma's configuration is the default.

The tables about the protocol package (\`npm run bench -- protocol --write\`) are measured inside one
process, in turns of 0.3 s after as long a warm-up. *Bare* is there what the machine does at best with
the same input, such as \`JSON.stringify\` or Node's SHA-256 and Ed25519; each table says which. Where one call makes
many operations, the time of one is a call's share.
`;

/** Puts the sections into the page, each in the place of its older self; others stay. */
export function writePerformancePage(sections: readonly Section[]): void {
  const older = existsSync(path) ? sectionsOf(readFileSync(path, 'utf8')) : new Map();
  for (const { heading, text } of sections) older.set(heading, text);
  const headings = [
    ...scenarios.flatMap((scenario) => [
      headingOf(scenario, 'sqlite'),
      headingOf(scenario, 'postgres'),
    ]),
    ...protocolScenarios.map((scenario) => headingOf(scenario, undefined)),
  ];
  const texts = headings.flatMap((heading) => older.get(heading) ?? []);
  writeFileSync(path, [introduction, ...texts].join('\n'));
}

function sectionsOf(page: string): Map<string, string> {
  const [, ...sections] = page.split(/^(?=## )/m);
  return new Map(
    sections.map((text) => [text.slice(0, text.indexOf('\n')), `${text.trimEnd()}\n`] as const),
  );
}
