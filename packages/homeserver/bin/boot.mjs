/**
 * How a program of Soma begins. Plain JavaScript, for two reasons: an older Node gets as far as the message, and
 * nothing is compiled before the compile cache is on. The cache holds what Node makes of the TypeScript files, so
 * that it is made once and not at each start; `npm ci` fills it (tools/warm-up.mjs).
 */
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/soma', import.meta.url));

/** Runs the program's `main`, unless Node is too old for it: then it says so and exits with 1. */
export async function boot(program) {
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) {
    process.stderr.write(
      `Soma needs Node ${NODE_MAJOR_MIN} or newer and was started with ${process.version}. ` +
        'Run "npm ci", then "npm start": that brings the right Node along and uses it.\n',
    );
    process.exit(1);
  }
  // The writer thread reads the variable; a folder that cannot be written costs the cache and nothing else.
  process.env.NODE_COMPILE_CACHE ??= CACHE;
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  const { main } = await import(new URL(program, import.meta.url).href);
  await main(process.argv.slice(2));
}
