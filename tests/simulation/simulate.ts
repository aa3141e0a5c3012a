// `npm run simulate -- --seed N --minutes M`: one run of the simulation, or several from a seed on with `--runs`.

import { parseArgs } from 'node:util';

import { replaceSurroundings } from './replace-surroundings.ts';
import { World } from './world.ts';
import type { Outcome, WorldOptions } from './world.ts';

let current: World | undefined;
let isReplaced = false;

/** Runs one seed. The clock, timers and random numbers of the process are the simulation's from then on. */
export async function simulate(options: WorldOptions): Promise<Outcome> {
  const world = new World(options);
  current = world;
  if (!isReplaced) {
    isReplaced = true;
    replaceSurroundings(() => {
      if (current === undefined) throw new Error('there is no world');
      return current;
    });
  }
  return world.run();
}

/** What a run has come to, where it came to an end. */
async function outcomeOf(options: WorldOptions): Promise<Outcome | undefined> {
  try {
    return await simulate(options);
  } catch (error) {
    console.log(`seed ${options.seed}:`, error);
    return undefined;
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '10' },
      runs: { type: 'string', default: '1' },
      actions: { type: 'string', default: '60' },
      servers: { type: 'string', default: '5' },
      wide: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
    },
  });
  for (let run = 0; run < Number(values.runs); run += 1) {
    const seed = String(Number(values.seed) + run);
    const startedMs = process.hrtime.bigint();
    const outcome = await outcomeOf({
      seed,
      minutes: Number(values.minutes),
      actions: Number(values.actions),
      servers: Number(values.servers),
      isWide: values.wide,
      ...(values.trace ? { trace: (line) => console.log(line) } : {}),
    });
    if (outcome === undefined) {
      process.exitCode = 1;
      continue;
    }
    const tookMs = Number((process.hrtime.bigint() - startedMs) / 1_000_000n);
    const { problems, digest, steps, events, softFailures } = outcome;
    console.log(
      `seed ${seed}: ${problems.length} problems, ${steps} steps, ${events} events, soft-failed ${Object.values(softFailures).join(' + ')}, ${tookMs} ms, ${digest.slice(0, 12)}`,
    );
    for (const problem of problems.slice(0, 20)) console.log(`  ${problem.slice(0, 600)}`);
    if (problems.length > 0) process.exitCode = 1;
  }
}

if (import.meta.main) await main();
