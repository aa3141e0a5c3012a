/**
 * How a program of Soma begins. Plain JavaScript, for two reasons: an older Node gets as far as the message, and
 * nothing is compiled before the compile cache is on.
 */
import module from 'node:module';
import { fileURLToPath } from 'node:url';
import v8 from 'node:v8';

import { packedProgram } from './packed-program.mjs';

const NODE_MAJOR_MIN = 24;
const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/soma', import.meta.url));

/**
 * Turns on the compile cache, which holds what Node makes of the TypeScript files; `npm ci` fills it
 * (tools/warm-up.mjs). False for a Node that is too old.
 *
 * While the program loads, V8 must not take the objects that come to stay as a reason to grow the space for new
 * ones, some 20 MB; `startHomeserver` lets it grow again. The flag is part of the cache's key.
 */
export function prepareNode() {
  if (Number(process.versions.node.split('.')[0]) < NODE_MAJOR_MIN) return false;
  v8.setFlagsFromString('--semi-space-growth-factor=1');
  // The writer thread reads the variable; a folder that cannot be written costs the cache and nothing else.
  process.env.NODE_COMPILE_CACHE ??= CACHE;
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  return true;
}

/**
 * Runs `main` of `src/<name>.ts`, packed if it can be had, unless Node is too old for it: then it says so and exits
 * with 1.
 */
export async function boot(name) {
  if (!prepareNode()) {
    process.stderr.write(
      `Soma needs Node ${NODE_MAJOR_MIN} or newer and was started with ${process.version}. ` +
        'Run "npm ci", then "npm start": that brings the right Node along and uses it.\n',
    );
    process.exit(1);
  }
  const program = packedProgram(name) ?? new URL(`../src/${name}.ts`, import.meta.url);
  const { main } = await import(program.href);
  await main(process.argv.slice(2));
}
