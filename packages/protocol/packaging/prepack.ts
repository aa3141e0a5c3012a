// Before npm packs: Node takes no TypeScript from node_modules, so the package holds JavaScript and declarations.
// The build has neither Node's nor a browser's types, and fails on what is not in the language itself.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

// What a packing that was broken off has left.
const kept = 'dist/workspace-package.json';
if (existsSync(kept)) renameSync(kept, 'package.json');
rmSync('dist', { recursive: true, force: true });

const { status } = spawnSync('tsc', ['--project', 'tsconfig.build.json'], { stdio: 'inherit' });
if (status !== 0) throw new Error('the package does not compile');
copyFileSync('../../LICENSE', 'LICENSE');

// Last, so that nothing that fails leaves the workspace with it.
const source = readFileSync('package.json', 'utf8');
writeFileSync(kept, source);
writeFileSync('package.json', `${JSON.stringify(packedManifest(JSON.parse(source)), null, 2)}\n`);

/** What the workspace exports as source, the package exports as what was built from it. */
function packedManifest(manifest: { [key: string]: unknown }): object {
  const { scripts: _scripts, ...published } = manifest;
  const entry = { types: './dist/index.d.ts', default: './dist/index.js' };
  return { ...published, exports: { '.': entry } };
}
