import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import type { DatabaseConfig, TestEngine } from './engines.ts';
import { freePort } from './free-port.ts';
import { homeserverConfig } from './homeserver-config.ts';
import { spawnServer, type ServerProcess } from './server-process.ts';

export interface HomeserverOptions {
  /** The engine to make a database on, dropped again by `dispose`. */
  readonly engine?: TestEngine;
  /** An existing database, in place of `engine`; with neither, SQLite in the server's folder. */
  readonly databaseConfig?: DatabaseConfig;
  /** Entries of `listeners` beside the harness's own. */
  readonly extraListeners?: readonly object[];
  /** Top-level options of homeserver.yaml that replace the harness's own. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A real Soma process under test. */
export interface TestHomeserver {
  readonly url: string;
  readonly port: number;
  readonly registrationSharedSecret: string;
  /** Holds its homeserver.yaml, signing key and media. */
  readonly folder: string;
  /** Process id of the present, or the last, run. */
  pid(): number;
  /** Everything written to standard output and standard error so far, over all runs. */
  logs(): string;
  /** Sends SIGTERM and waits; throws with the log when the exit code is not 0. */
  stop(): Promise<void>;
  /** Sends SIGKILL and waits. */
  kill(): Promise<void>;
  /** Starts it again on the same port, folder and database, after a `stop` if it runs. */
  restart(): Promise<void>;
  /** Kills what runs, drops the database made for it and removes its folder. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const entry = fileURLToPath(
  new URL('../../packages/homeserver/bin/soma-server.mjs', import.meta.url),
);
const startTimeoutMs = 60_000;
const registrationSharedSecret = 'shared-secret-of-the-tests';

/** Starts Soma with a configuration of its own and waits until it is healthy. */
export async function startHomeserver(options: HomeserverOptions = {}): Promise<TestHomeserver> {
  const folder = mkdtempSync(join(tmpdir(), 'soma-homeserver-'));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', removeFolder);
  const made = await options.engine?.createDatabase();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const database = made?.config ?? options.databaseConfig ?? sqliteIn(folder);
  const overrides = options.config ?? {};
  const config = homeserverConfig({
    folder,
    port,
    database,
    registrationSharedSecret,
    ...(options.extraListeners === undefined ? {} : { extraListeners: options.extraListeners }),
    overrides,
  });
  const configPath = join(folder, 'homeserver.yaml');
  writeFileSync(configPath, JSON.stringify(config, null, 2));

  let log = '';
  const start = (): ServerProcess =>
    spawnServer([entry, '-c', configPath], (text) => {
      log += text;
    });
  let running = start();
  const failWith = (message: string): never => {
    throw new Error(`${message}; its log:\n${log}`);
  };

  const stop = async (): Promise<void> => {
    const ending = await running.end('SIGTERM');
    if (ending !== 0) failWith(`the homeserver ended with ${ending} after SIGTERM`);
  };
  const kill = async (): Promise<void> => void (await running.end('SIGKILL'));
  const dispose = async (): Promise<void> => {
    await kill();
    await made?.drop();
    process.off('exit', removeFolder);
    removeFolder();
  };
  const awaitHealth = async (): Promise<void> => {
    const problem = await waitUntilHealthy(url, running);
    if (problem === undefined) return;
    await dispose();
    failWith(`the homeserver did not start: ${problem}`);
  };
  await awaitHealth();
  return {
    url,
    port,
    registrationSharedSecret,
    folder,
    pid: () => running.pid,
    logs: () => log,
    stop,
    kill,
    async restart() {
      if (running.ending() === undefined) await stop();
      running = start();
      await awaitHealth();
    },
    dispose,
    [Symbol.asyncDispose]: dispose,
  };
}

function sqliteIn(folder: string): DatabaseConfig {
  return { name: 'sqlite3', args: { database: join(folder, 'homeserver.db') } };
}

/** Gives what is wrong with the start, or undefined once `/health` answers 200. */
async function waitUntilHealthy(url: string, server: ServerProcess): Promise<string | undefined> {
  const deadline = performance.now() + startTimeoutMs;
  while (performance.now() < deadline) {
    const ending = server.ending();
    if (ending !== undefined) return `it ended with ${ending}`;
    try {
      const response = await fetch(`${url}/health`);
      await response.body?.cancel();
      if (response.status === 200) return undefined;
    } catch {
      // It does not listen yet.
    }
    await sleep(25);
  }
  return `no healthy answer within ${startTimeoutMs / 1000} s`;
}
