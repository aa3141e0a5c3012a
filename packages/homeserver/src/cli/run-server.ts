import type { Config } from '../config/config.ts';
import { describeFailure } from './describe-failure.ts';
import { EXIT } from './exit-codes.ts';
import { prepareStart } from './prepare-start.ts';
import type { PreparedStart } from './prepare-start.ts';
import { parseStartFlags } from './start-flags.ts';
import { describeMade, describeNextSteps, describeReady } from './start-messages.ts';
import { stopSignal } from './stop-signals.ts';

/** A server that serves. */
export interface RunningHomeserver {
  /** Finishes what was accepted; resolves when nothing is open any more. */
  stop(): Promise<void>;
  /** Where it serves, as URLs. */
  readonly addresses: readonly string[];
}

export type StartHomeserver = (config: Config) => Promise<RunningHomeserver>;

/** Runs the server until it is told to stop, then ends the process. */
export async function runServer(
  args: readonly string[],
  startHomeserver: StartHomeserver,
): Promise<never> {
  const flags = parseStartFlags(args);
  const stopRequested = stopSignal();
  let prepared: PreparedStart | undefined;
  let phase = 'Soma cannot start.';
  try {
    prepared = prepareStart(flags);
    const homeserver = await start(prepared, startHomeserver);
    await stopRequested;
    phase = 'Soma did not stop in good order.';
    await homeserver.stop();
  } catch (error) {
    process.stderr.write(`${phase} ${describeFailure(error)}\n`);
    process.exitCode = EXIT.refused;
  }
  prepared?.release();
  process.exit();
}

async function start(
  prepared: PreparedStart,
  startHomeserver: StartHomeserver,
): Promise<RunningHomeserver> {
  for (const warning of prepared.warnings) process.stderr.write(`Warning: ${warning}\n`);
  process.stdout.write(describeMade(prepared));
  const homeserver = await startHomeserver(prepared.config);
  process.stdout.write(describeReady(prepared.config, homeserver.addresses));
  process.stdout.write(describeNextSteps(prepared));
  return homeserver;
}
