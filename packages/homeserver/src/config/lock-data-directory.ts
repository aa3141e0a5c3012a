import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { StartRefusal } from './start-refusal.ts';

export interface DirectoryLock {
  release(): void;
}

const LOCK_FILE = 'soma.lock';
const SQLITE_BUSY = 5;

/**
 * Makes sure that one process alone works in a folder. Node has no lock on files; an exclusive
 * transaction of SQLite is one, and the kernel lets go of it however the process ends. The file
 * stays behind; only the lock on it counts. Throws a StartRefusal where another process holds it.
 */
export function lockDataDirectory(path: string): DirectoryLock {
  const folder = resolve(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(join(folder, LOCK_FILE), { timeout: 0 });
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (error) {
    database?.close();
    throw new StartRefusal(refusal(folder, error), { cause: error });
  }
  const held = database;
  return {
    release() {
      if (held.isOpen) held.close();
    },
  };
}

function refusal(folder: string, error: unknown): string {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  if (code === SQLITE_BUSY) {
    return (
      `Another Soma is running on the folder ${folder}. Stop it first, or give this one a ` +
      'folder of its own with --data-directory.'
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  return `The folder ${folder} cannot be used: ${LOCK_FILE} cannot be locked in it (${reason}).`;
}
