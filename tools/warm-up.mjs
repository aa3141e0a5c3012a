/**
 * Runs at the end of `npm ci`: imports the program once, so that Node's compile cache holds it and the first start
 * is as quick as the others. It serves nothing, writes to node_modules/.cache alone, and never fails an install.
 */
import { prepareNode } from '../packages/homeserver/bin/boot.mjs';

const PROGRAM = [
  'main.ts',
  'homeserver.ts',
  'storage/dialect/sqlite/sqlite-writer-thread.ts',
  'storage/dialect/postgres/postgres-database.ts',
  'cli.ts',
];

try {
  if (prepareNode()) {
    for (const file of PROGRAM) {
      await import(new URL(`../packages/homeserver/src/${file}`, import.meta.url).href);
    }
  }
} catch {
  // Without the cache everything works, and starts a second later.
}
