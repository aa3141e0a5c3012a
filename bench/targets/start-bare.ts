import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from '../../tests/harness/free-port.ts';
import { runServer } from './server-run.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import { fileBytes } from './sqlite-home.ts';
import { makeWorkFolder } from './work-folder.ts';

const entry = fileURLToPath(new URL('../bare/bare-server.ts', import.meta.url));

/** Who commits: a thread of its own, or the server's own thread (faster with one worker only). */
export type BareWriter = 'thread' | 'inline';

/** Starts the bare reference on an empty SQLite database. */
export async function startBare(writer: BareWriter = 'thread'): Promise<ServerUnderTest> {
  const work = makeWorkFolder('bare');
  const databasePath = join(work.path, 'bare.db');
  const port = await freePort();
  const args = [entry, String(port), databasePath, writer];
  const start = () => runServer(args, port, join(work.path, 'server.log'));
  let running = await start();
  return {
    name: 'bare',
    port,
    pid: () => running.pid,
    startMs: () => running.startMs,
    stop: () => running.stop(),
    async restart() {
      await running.stop();
      running = await start();
    },
    databaseBytes: async () => fileBytes(databasePath),
    async dispose() {
      await running.stop();
      work.remove();
    },
  };
}
