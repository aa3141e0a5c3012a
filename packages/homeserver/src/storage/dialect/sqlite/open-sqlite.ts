import { DatabaseSync } from 'node:sqlite';

/** How long a connection waits for another process's lock (a backup, a shell) before it fails. */
const BUSY_TIMEOUT_MS = 10_000;

/**
 * Opens the writing connection: WAL, and every commit fsynced, so that a 200 survives a power cut. The log grows to
 * 32 MiB between checkpoints: most pages are written again by the next commits, and to the file only once.
 */
export function openWritingConnection(path: string): DatabaseSync {
  const connection = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  connection.exec(`
    pragma page_size = 2048;
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma foreign_keys = off;
    pragma cache_size = -32768;
    pragma journal_size_limit = 67108864;
    pragma wal_autocheckpoint = 16384;
  `);
  return connection;
}

/** Opens a connection that can only read. */
export function openReadingConnection(path: string): DatabaseSync {
  const connection = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  connection.exec(`
    pragma query_only = 1;
    pragma cache_size = -8192;
  `);
  return connection;
}
