import { runCli } from './cli/run-cli.ts';

/** The operator's tools; started by bin/soma.mjs. */
export async function main(args: readonly string[]): Promise<void> {
  await runCli(args);
}
