import { runServer } from './cli/run-server.ts';

/** The server's program; started by bin/soma-server.mjs. */
export async function main(args: readonly string[]): Promise<never> {
  return runServer(args, async (config) => {
    const { startHomeserver } = await import('./homeserver.ts');
    return startHomeserver(config);
  });
}
