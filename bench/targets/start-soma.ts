import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { freePort } from '../../tests/harness/free-port.ts';
import { homeserverConfig } from '../../tests/harness/homeserver-config.ts';
import type { DatabaseHome, HomedDatabase } from './database-home.ts';
import { runServer } from './server-run.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import { makeWorkFolder } from './work-folder.ts';

const entry = fileURLToPath(
  new URL('../../packages/homeserver/bin/soma-server.mjs', import.meta.url),
);

export const sharedSecret = 'shared-secret-of-the-bench';

/** A Soma that knows its folder and its database, so that others can start from a copy of them. */
export interface SomaUnderTest extends ServerUnderTest {
  readonly name: 'soma';
  readonly folder: string;
  readonly database: HomedDatabase;
}

export interface SomaOptions {
  /** A stopped server, whose database and signing key this one starts with. */
  readonly template?: SomaUnderTest | undefined;
  /** Folder for CPU profiles, written when the server stops. */
  readonly profileFolder?: string | undefined;
  /** Top-level options of homeserver.yaml. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Entries of `listeners` beside the one for clients. */
  readonly extraListeners?: readonly object[];
  /** A module that the server's threads load before anything else. */
  readonly preloaded?: URL | undefined;
}

const signingKey = 'signing.key';

/** Starts Soma on a database of its own, with rate limits out of the way and else its defaults. */
export async function startSoma(
  home: DatabaseHome,
  { template, profileFolder, options = {}, extraListeners = [], preloaded }: SomaOptions = {},
): Promise<SomaUnderTest> {
  const work = makeWorkFolder('soma');
  const folder = work.path;
  const database = await home.create(folder, template?.database);
  const key = template === undefined ? undefined : join(template.folder, signingKey);
  if (key !== undefined && existsSync(key)) copyFileSync(key, join(folder, signingKey));
  const port = await freePort();
  const config = homeserverConfig({
    folder,
    port,
    database: database.config,
    registrationSharedSecret: sharedSecret,
    extraListeners,
    overrides: options,
  });
  const configPath = join(folder, 'homeserver.yaml');
  writeFileSync(configPath, JSON.stringify(config, null, 2));
  const preload = preloaded === undefined ? [] : ['--import', preloaded.href];
  const args = [...profileFlags(profileFolder), ...preload, entry, '-c', configPath];
  const start = () => runServer(args, port, join(folder, 'server.log'));
  let running = await start();
  return {
    name: 'soma',
    port,
    folder,
    database,
    pid: () => running.pid,
    startMs: () => running.startMs,
    stop: () => running.stop(),
    async restart() {
      await running.stop();
      running = await start();
    },
    databaseBytes: () => database.bytes(),
    async dispose() {
      await running.stop();
      await database.drop();
      work.remove();
    },
  };
}

function profileFlags(folder: string | undefined): string[] {
  if (folder === undefined) return [];
  mkdirSync(folder, { recursive: true });
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`];
}
