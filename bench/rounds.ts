import type { Bench } from './scenario.ts';
import { MatrixClients } from './setup/matrix-clients.ts';
import type { ServerUnderTest } from './targets/server-under-test.ts';
import { startBare, type BareWriter } from './targets/start-bare.ts';
import { startSoma, type SomaUnderTest } from './targets/start-soma.ts';

/** A stopped Soma whose database the rounds start from, and what its set-up made. */
export interface Prepared<World> {
  readonly template: SomaUnderTest;
  readonly world: World;
}

/** Sets a Soma up through its API once, so that each round gets a fresh copy in no time. */
export async function prepare<World>(
  bench: Bench,
  setUp: (clients: MatrixClients) => Promise<World>,
): Promise<Prepared<World>> {
  const template = await startSoma(bench.home);
  const clients = new MatrixClients(template.port);
  try {
    const startedAt = performance.now();
    const world = await setUp(clients);
    bench.tell(`set up in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    return { template, world };
  } catch (error) {
    await template.dispose();
    throw error;
  } finally {
    clients.close();
    await template.stop();
  }
}

/** The two servers of a round, both idle but for the one that is measured. */
export interface Round {
  readonly index: number;
  readonly soma: SomaUnderTest;
  readonly bare: ServerUnderTest;
  /** Measures both one after the other; rounds take turns in who is first. */
  both(measure: (server: ServerUnderTest) => Promise<void>): Promise<void>;
}

/** Runs the rounds on copies of the template, and removes the template after the last. */
export async function eachRound(
  bench: Bench,
  { template }: Prepared<unknown>,
  body: (round: Round) => Promise<void>,
  bareWriter: BareWriter = 'thread',
): Promise<void> {
  try {
    for (let index = 0; index < bench.rounds; index += 1) {
      const { profileFolder } = bench;
      const soma = await startSoma(bench.home, { template, profileFolder });
      try {
        const bare = await startBare(bareWriter);
        try {
          await body({ index, soma, bare, both: inTurns(index, soma, bare) });
        } finally {
          await bare.dispose();
        }
      } finally {
        await soma.dispose();
      }
    }
  } finally {
    await template.dispose();
  }
}

function inTurns(index: number, soma: ServerUnderTest, bare: ServerUnderTest): Round['both'] {
  const servers = index % 2 === 0 ? [soma, bare] : [bare, soma];
  return async (measure) => {
    for (const server of servers) await measure(server);
  };
}
