import { closeSync, copyFileSync, fsyncSync, globSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { DatabaseHome, HomedDatabase } from './database-home.ts';

/** SQLite files in the servers' folders. */
export function sqliteHome(): DatabaseHome {
  return {
    engine: 'sqlite',
    create: async (folder, template) => createFile(join(folder, 'homeserver.db'), template),
    close: async () => {},
  };
}

function createFile(path: string, template: HomedDatabase | undefined): HomedDatabase {
  if (template !== undefined) copyDurably(String(template.config.args['database']), path);
  return {
    config: { name: 'sqlite3', args: { database: path } },
    bytes: async () => fileBytes(path),
    drop: async () => {},
  };
}

/** The file, its journal and its index of the journal. */
export function fileBytes(path: string): number {
  return globSync(`${path}*`).reduce((sum, file) => sum + statSync(file).size, 0);
}

/** Copies to the disk itself, or the copy would be written out during the measurement. */
function copyDurably(from: string, to: string): void {
  copyFileSync(from, to);
  const file = openSync(to, 'r+');
  fsyncSync(file);
  closeSync(file);
}
