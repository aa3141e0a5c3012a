/**
 * Runs at the end of `npm ci`: imports the program once, so that Node's compile cache holds it and the first start
 * is as quick as the others. It serves nothing, writes to node_modules/.cache alone, and never fails an install.
 */
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;
const PROGRAM = [
  'main.ts',
  'cli.ts',
  'homeserver.ts',
  'storage/dialect/sqlite/sqlite-writer-thread.ts',
];

try {
  if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
    module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/soma', import.meta.url)));
    for (const file of PROGRAM) {
      await import(new URL(`../packages/homeserver/src/${file}`, import.meta.url).href);
    }
  }
} catch {
  // Without the cache everything works, and starts a second later.
}
