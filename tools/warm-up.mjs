/**
 * Runs at the end of `npm ci`: packs the program, and imports it once, so that Node's compile cache holds it and the
 * first start is as quick as the others. It serves nothing, writes to node_modules/.cache alone, and never fails an
 * install.
 */
import { prepareNode } from '../packages/homeserver/bin/boot.mjs';
import { PACKED } from '../packages/homeserver/bin/packed-program.mjs';

const PROGRAM = ['main', 'homeserver', 'sqlite-writer-thread', 'postgres-database', 'cli'];

try {
  if (prepareNode()) {
    const { packProgram } = await import('./pack-program.ts');
    await packProgram();
    for (const name of PROGRAM) await import(new URL(`${name}.mjs`, PACKED).href);
  }
} catch {
  // Without them everything works, and starts a second later.
}
