import { parseArgs } from 'node:util';

import type { ProtocolScenario } from './protocol/scenario.ts';
import { protocolScenarios } from './protocol/scenarios.ts';
import type { Engine } from './report.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios/scenarios.ts';

/** What is measured: a server over HTTP, or the protocol package inside this process. */
export type Arguments = ServerArguments | ProtocolArguments;

interface CommonArguments {
  readonly rounds: number;
  /** Whether to write the results into the page. */
  readonly write: boolean;
}

export interface ServerArguments extends CommonArguments {
  readonly subject: 'server';
  readonly scenarios: readonly Scenario[];
  readonly engine: Engine;
  readonly profileFolder: string | undefined;
}

export interface ProtocolArguments extends CommonArguments {
  readonly subject: 'protocol';
  readonly scenarios: readonly ProtocolScenario[];
}

export const usage = `npm run bench -- [server | protocol] [options]
  --only <names>      only these, with commas between
                      server: ${namesOf(scenarios)}
                      protocol: ${namesOf(protocolScenarios)}
  --engine <engine>   Soma's database: sqlite (the default) or postgres; server only
  --rounds <number>   rounds of each, fewer for the long ones (5)
  --write             write the tables into docs/reference/performance.md
  --profile <folder>  take CPU profiles of Soma and print where its time went; server only`;

/** Reads the command line. Throws an Error that says what is wrong with it. */
export function readArguments(args: readonly string[]): Arguments {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      only: { type: 'string' },
      engine: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      write: { type: 'boolean', default: false },
      profile: { type: 'string' },
    },
  });
  const { only, engine, write, profile } = values;
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`no number: ${values.rounds}`);
  const [subject = 'server', ...others] = positionals;
  if (others.length > 0) throw new Error(`too much: ${others.join(' ')}`);
  if (subject === 'protocol') {
    if ((engine ?? profile) !== undefined) throw new Error('the protocol package has no server');
    return { subject, scenarios: chosen(protocolScenarios, only), rounds, write };
  }
  if (subject !== 'server') throw new Error(`no ${subject}`);
  if (write && profile !== undefined) throw new Error('a profiled run is too slow to be written');
  return {
    subject,
    scenarios: chosen(scenarios, only),
    engine: engineOf(engine ?? 'sqlite'),
    rounds,
    write,
    profileFolder: profile,
  };
}

function engineOf(text: string): Engine {
  if (text !== 'sqlite' && text !== 'postgres') throw new Error(`no engine ${text}`);
  return text;
}

function chosen<Named extends { readonly name: string }>(
  all: readonly Named[],
  only: string | undefined,
): readonly Named[] {
  if (only === undefined) return all;
  const names = only.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !all.some((scenario) => scenario.name === name));
  if (unknown.length > 0) throw new Error(`no scenario ${unknown.join(', ')}`);
  return all.filter(({ name }) => names.includes(name));
}

function namesOf(all: readonly { readonly name: string }[]): string {
  return all.map(({ name }) => name).join(', ');
}
