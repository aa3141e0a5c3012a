import { parseArgs } from 'node:util';

import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios/scenarios.ts';

export interface Arguments {
  readonly scenarios: readonly Scenario[];
  readonly engine: 'sqlite' | 'postgres';
  readonly rounds: number;
  /** Whether to write the results into the page. */
  readonly write: boolean;
  readonly profileFolder: string | undefined;
}

export const usage = `npm run bench -- [options]
  --only <names>      only these, with commas between: ${scenarios.map(({ name }) => name).join(', ')}
  --engine <engine>   Soma's database: sqlite (the default) or postgres
  --rounds <number>   rounds of each, fewer for the long ones (5)
  --write             write the tables into docs/reference/performance.md
  --profile <folder>  take CPU profiles of Soma and print where its time went`;

/** Reads the command line. Throws an Error that says what is wrong with it. */
export function readArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      engine: { type: 'string', default: 'sqlite' },
      rounds: { type: 'string', default: '5' },
      write: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const { engine, write, profile } = values;
  if (engine !== 'sqlite' && engine !== 'postgres') throw new Error(`no engine ${engine}`);
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`no number: ${values.rounds}`);
  if (write && profile !== undefined) throw new Error('a profiled run is too slow to be written');
  return { scenarios: chosen(values.only), engine, rounds, write, profileFolder: profile };
}

function chosen(only: string | undefined): readonly Scenario[] {
  if (only === undefined) return scenarios;
  const names = only.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0) throw new Error(`no scenario ${unknown.join(', ')}`);
  return scenarios.filter(({ name }) => names.includes(name));
}
