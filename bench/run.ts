/** `npm run bench`: measures Soma beside the bare reference. */
import {
  readArguments,
  usage,
  type Arguments,
  type ProtocolArguments,
  type ServerArguments,
} from './arguments.ts';
import { LoadGenerator } from './load/load-generator.ts';
import { machineFacts } from './machine-facts.ts';
import { writePerformancePage } from './performance-page.ts';
import { summariseProfiles } from './profile-summary.ts';
import { runProtocolScenario } from './protocol/run-scenario.ts';
import { sectionFor, tableOf, type Section } from './report.ts';
import type { Sample } from './results.ts';
import type { Scenario } from './scenario.ts';
import type { DatabaseHome } from './targets/database-home.ts';
import { postgresHome } from './targets/postgres-home.ts';
import { sqliteHome } from './targets/sqlite-home.ts';

// What was started and made ends and goes with this process: by its 'exit', which signals skip.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  const options = readOrExplain(args);
  if (options === undefined) return;
  await (options.subject === 'server' ? measureServer(options) : measureProtocol(options));
}

async function measureServer(options: ServerArguments): Promise<void> {
  const home = options.engine === 'postgres' ? await postgresHome() : sqliteHome();
  try {
    const sections: Section[] = [];
    for (const scenario of options.scenarios) {
      sections.push(await runScenario(scenario, options, home));
      // After each, since a long run may end early.
      if (options.write) writePerformancePage(sections);
    }
  } finally {
    await home.close();
  }
  if (options.profileFolder !== undefined) console.log(summariseProfiles(options.profileFolder));
}

function measureProtocol({ scenarios, rounds, write }: ProtocolArguments): void {
  const sections = scenarios.map((scenario) => {
    console.log(`\n${scenario.title}, ${rounds} rounds`);
    const samples: Sample[] = [];
    runProtocolScenario(scenario, rounds, (sample) => samples.push(sample));
    console.log(`\n${tableOf(samples)}`);
    return sectionFor(scenario, samples, { engine: undefined, rounds, ...placeAndTime() });
  });
  if (write) writePerformancePage(sections);
}

function readOrExplain(args: readonly string[]): Arguments | undefined {
  try {
    return readArguments(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = 2;
    return undefined;
  }
}

async function runScenario(
  scenario: Scenario,
  { engine, rounds: roundsAsked, profileFolder }: ServerArguments,
  home: DatabaseHome,
): Promise<Section> {
  const rounds = Math.min(roundsAsked, scenario.roundsMax);
  const samples: Sample[] = [];
  const load = new LoadGenerator();
  console.log(`\n${scenario.title}, ${rounds} rounds, ${engine}`);
  const startedAt = performance.now();
  try {
    await scenario.run({
      home,
      load,
      rounds,
      profileFolder,
      record: (sample) => samples.push(sample),
      tell: (text) => console.log(`  ${text}`),
    });
  } finally {
    await load.stop();
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(0);
  console.log(`\n${tableOf(samples)}\n\n${scenario.name} took ${seconds} s`);
  return sectionFor(scenario, samples, { engine, rounds, ...placeAndTime() });
}

function placeAndTime(): { date: string; machine: string } {
  return { date: new Date().toISOString().slice(0, 10), machine: machineFacts() };
}
