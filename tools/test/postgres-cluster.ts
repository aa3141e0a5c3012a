import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import pg from 'pg';

import { freePort } from '../../tests/harness/free-port.ts';

/** A private PostgreSQL server that lives as long as the test run. */
export interface PostgresCluster {
  /** URL of its superuser and its `postgres` database. */
  readonly url: string;
  readonly version: string;
  /** Stops the server and removes its folder. */
  stop(): Promise<void>;
}

const startTimeoutMs = 60_000;

/**
 * Makes a cluster in a temporary folder and starts it on 127.0.0.1 and on a Unix socket in that
 * folder. The server also ends when this process does, however that comes about.
 *
 * @param binFolder the folder of `initdb` and `postgres`
 */
export async function startPostgresCluster(binFolder: string): Promise<PostgresCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'soma-postgres-'));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', removeFolder);
  const account = serverAccount();
  if (account !== undefined) chownSync(folder, account.uid, account.gid);
  const password = randomBytes(16).toString('hex');
  initialise(binFolder, folder, password);

  const port = await freePort();
  const server = startServer(binFolder, folder, port);
  const killNow = (): void => void server.kill('SIGQUIT');
  process.prependOnceListener('exit', killNow);
  const url = `postgres://soma:${password}@127.0.0.1:${port}/postgres`;
  const version = await waitUntilReady(url, server, folder);
  return {
    url,
    version,
    async stop() {
      if (server.exitCode === null && server.signalCode === null) {
        const exited = once(server, 'exit');
        server.kill('SIGINT');
        await exited;
      }
      process.off('exit', killNow);
      process.off('exit', removeFolder);
      removeFolder();
    },
  };
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** The account that the server runs as when we are root: PostgreSQL refuses to run as root. */
function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = accounts.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Error('running as root, and there is no account postgres or nobody to run a server as');
}

/** The command line that runs a program as the server's account, and ends it with this process. */
function asServerAccount(program: string, args: readonly string[]): [string, string[]] {
  const account = serverAccount();
  if (!existsSync('/usr/bin/setpriv')) {
    if (account !== undefined) throw new Error('setpriv (of util-linux) is needed as root');
    return [program, [...args]];
  }
  const identity =
    account === undefined
      ? []
      : [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'];
  return ['/usr/bin/setpriv', [...identity, '--pdeathsig=INT', '--', program, ...args]];
}

function initialise(binFolder: string, folder: string, password: string): void {
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, password, { mode: 0o644 });
  const [command, args] = asServerAccount(join(binFolder, 'initdb'), [
    '--no-sync',
    '--encoding=UTF8',
    '--locale=C',
    '--username=soma',
    '--auth=scram-sha-256',
    `--pwfile=${passwordFile}`,
    join(folder, 'data'),
  ]);
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
  });
  rmSync(passwordFile);
  if (status !== 0) throw new Error(`initdb failed:\n${stdout}${stderr}`, { cause: error });
}

function startServer(binFolder: string, folder: string, port: number): ChildProcess {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    max_connections: 200,
    shared_buffers: '64MB',
    // Under the data folder, so that nothing outlives it.
    dynamic_shared_memory_type: 'mmap',
    logging_collector: 'on',
    log_directory: folder,
    log_filename: 'postgres.log',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const [command, args] = asServerAccount(join(binFolder, 'postgres'), [
    '-D',
    join(folder, 'data'),
    ...options,
  ]);
  // Detached: an interrupt typed at the terminal must reach the tests before their database.
  return spawn(command, args, { cwd: folder, stdio: 'ignore', detached: true });
}

async function waitUntilReady(url: string, server: ChildProcess, folder: string): Promise<string> {
  const deadline = performance.now() + startTimeoutMs;
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    try {
      await client.connect();
      const { rows } = await client.query<{ server_version: string }>('show server_version');
      return rows[0]?.server_version ?? 'unknown';
    } catch (cause) {
      if (server.exitCode !== null || performance.now() > deadline) {
        const log = join(folder, 'postgres.log');
        const text = existsSync(log) ? readFileSync(log, 'utf8') : '';
        throw new Error(`PostgreSQL did not start:\n${text}`, { cause });
      }
      await sleep(50);
    } finally {
      await client.end();
    }
  }
}
