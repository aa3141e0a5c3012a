import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { loadConfig } from '../config/load-config.ts';
import { lockDataDirectory } from '../config/lock-data-directory.ts';
import type { DirectoryLock } from '../config/lock-data-directory.ts';
import { StartRefusal } from '../config/start-refusal.ts';
import { databaseOptions } from '../storage/database-options.ts';
import type { Database } from '../storage/database.ts';
import { openDatabase } from '../storage/open-database.ts';

/** A database that no server works on while it is open here. */
export interface StoppedDatabase {
  readonly database: Database;
  readonly serverName: string;
  close(): Promise<void>;
}

/**
 * Opens the database of a server that does not run; it must exist. As at a start of the server, its schema is
 * brought up to date. Throws a StartRefusal or DatabaseUnusable, then nothing stays locked.
 */
export async function openStoppedDatabase(
  configPaths: readonly string[],
  dataDirectory: string,
): Promise<StoppedDatabase> {
  const files = configPaths.length > 0 ? configPaths : [join(dataDirectory, 'homeserver.yaml')];
  const { config } = loadConfig({ files });
  const file = config.database.engine === 'sqlite' ? config.database.path : undefined;
  if (file !== undefined && !existsSync(file)) {
    throw new StartRefusal(`There is no database ${file}: the server makes it at its first start.`);
  }
  const lock = file === undefined ? undefined : lockDataDirectory(dirname(file));
  const { serverName } = config.server;
  return openLocked(lock, serverName, () =>
    openDatabase(databaseOptions(config.database), serverName),
  );
}

async function openLocked(
  lock: DirectoryLock | undefined,
  serverName: string,
  open: () => Promise<Database>,
): Promise<StoppedDatabase> {
  try {
    const database = await open();
    const close = async (): Promise<void> => {
      await database.close();
      lock?.release();
    };
    return { database, serverName, close };
  } catch (error) {
    lock?.release();
    throw error;
  }
}
