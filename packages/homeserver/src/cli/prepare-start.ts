import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

import type { Config } from '../config/config.ts';
import { prepareDataDirectory } from '../config/first-start.ts';
import { loadConfig } from '../config/load-config.ts';
import { lockDataDirectory } from '../config/lock-data-directory.ts';
import type { DirectoryLock } from '../config/lock-data-directory.ts';
import { makeSecretDirectory, writeSecretFile } from '../config/write-secret-file.ts';
import type { StartFlags } from './start-flags.ts';

export interface PreparedStart {
  readonly config: Config;
  readonly warnings: readonly string[];
  readonly made: readonly { readonly path: string; readonly what: string }[];
  /** Whether the data folder has no database yet: nobody has an account. */
  readonly firstStart: boolean;
  /** The files or folders that the config was read from. */
  readonly configPaths: readonly string[];
  /** Gives the data folder free and removes the pid file. */
  release(): void;
}

/**
 * Everything before the server itself: locks the data folder, makes what is missing, and reads the
 * config. Throws a StartRefusal; then nothing stays locked.
 */
export function prepareStart(flags: StartFlags): PreparedStart {
  const locks = new Map<string, DirectoryLock>();
  const release = (): void => locks.forEach((lock) => lock.release());
  const lock = (folder: string): void => {
    const absolute = resolve(folder);
    if (locks.has(absolute)) return;
    makeSecretDirectory(absolute);
    locks.set(absolute, lockDataDirectory(absolute));
  };
  try {
    return prepareLocked(flags, lock, release);
  } catch (error) {
    release();
    throw error;
  }
}

function prepareLocked(
  flags: StartFlags,
  lock: (folder: string) => void,
  release: () => void,
): PreparedStart {
  const ownConfig = flags.configPaths.length > 0;
  if (!ownConfig) lock(flags.dataDirectory);
  const data = ownConfig ? undefined : prepareDataDirectory(flags.dataDirectory);
  const configPaths = data === undefined ? flags.configPaths : [data.configFile];
  const { config, warnings, missingFiles } = loadConfig({ files: configPaths });
  const databaseFile = databaseFileOf(config);
  if (databaseFile !== undefined) lock(dirname(databaseFile));
  const firstStart = data !== undefined && databaseFile !== undefined && !existsSync(databaseFile);
  for (const { path, content } of missingFiles) writeSecretFile(path, content);
  const { pidFile } = config.server;
  if (pidFile !== undefined) writePidFile(pidFile);
  return {
    config,
    warnings,
    made: [...(data?.made ?? []), ...missingFiles],
    firstStart,
    configPaths,
    release() {
      if (pidFile !== undefined) rmSync(pidFile, { force: true });
      release();
    },
  };
}

function databaseFileOf({ database }: Config): string | undefined {
  return database.engine === 'sqlite' && database.path !== ':memory:' ? database.path : undefined;
}

function writePidFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${process.pid}\n`);
}
