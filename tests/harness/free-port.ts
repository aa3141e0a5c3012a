import { randomInt } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** Below those that systems give to outgoing connections. */
const FIRST_PORT = 20_000;
const END_OF_PORTS = 32_000;

/** Where the files of a run mark the ports that they have taken; undefined where a file runs by itself. */
const { SOMA_TEST_SCRATCH: scratchFolder } = process.env;

/**
 * A TCP port of 127.0.0.1 that was free a moment ago, and that no other server of the run gets: between this and its
 * start another file might find the port free too, and then ask that server in place of its own.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, END_OF_PORTS);
    if (take(port) && (await isFree(port))) return port;
  }
}

function take(port: number): boolean {
  if (scratchFolder === undefined) return true;
  try {
    closeSync(openSync(join(scratchFolder, `port-${port}`), 'wx'));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
