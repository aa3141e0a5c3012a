import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { codeBlocks } from '../testing/documentation/code-blocks.ts';
import { chromium, inChromium } from '../testing/in-chromium.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'soma-package-'));
const consumer = join(folder, 'consumer');
const installed = join(consumer, 'node_modules/@soma/protocol');

before(() => {
  packACopy();
  const [tarball = ''] = globSync('*.tgz', { cwd: folder });
  mkdirSync(consumer);
  writeFileSync(join(consumer, 'package.json'), '{ "type": "module" }');
  npm(consumer, 'install', '--offline', '--no-audit', '--no-fund', join('..', tarball));
});
after(() => rmSync(folder, { recursive: true }));

test('the package brings nothing along, and no test', () => {
  const others = globSync('node_modules/*', { cwd: consumer });
  assert.deepEqual(others, [join('node_modules', '@soma')]);
  assert.deepEqual(globSync('**/*.test.*', { cwd: installed }), []);
  assert.deepEqual(
    globSync('{LICENSE,README.md,dist/index.{js,d.ts}}', { cwd: installed }).length,
    4,
  );
});

for (const { module, moduleResolution } of [
  { module: 'nodenext', moduleResolution: 'nodenext' },
  { module: 'esnext', moduleResolution: 'bundler' },
]) {
  test(`the README's examples have types under ${moduleResolution}, and run on plain Node`, () => {
    const examples = codeBlocks(join(installed, 'README.md'), 'ts');
    const names = examples.map(({ text }, index) => {
      writeFileSync(join(consumer, `example${index}.ts`), text);
      return `example${index}`;
    });
    assert.ok(names.length > 0);
    const types = join(root, 'node_modules/@types');
    const compilerOptions = {
      target: 'es2024',
      module,
      moduleResolution,
      strict: true,
      skipLibCheck: false,
    };
    const withTypes = { ...compilerOptions, types: ['node'], typeRoots: [types], outDir: 'out' };
    const config = { compilerOptions: withTypes, files: names.map((name) => `${name}.ts`) };
    writeFileSync(join(consumer, 'tsconfig.json'), JSON.stringify(config));
    run(consumer, 'tsc', '--project', '.');
    for (const name of names) run(consumer, 'node', '--no-strip-types', join('out', `${name}.js`));
  });
}

test('the package runs where there is nothing but the language', () => {
  const script = fileURLToPath(new URL('../testing/bare-context.ts', import.meta.url));
  const output = run(
    consumer,
    'node',
    '--experimental-vm-modules',
    script,
    join(installed, 'dist'),
  );
  assert.deepEqual(JSON.parse(output), {
    globals: [],
    user: '@alice:example.org',
    version: '12',
    rule: '.m.rule.room_one_to_one',
  });
});

test(
  'the package runs in a browser',
  { skip: chromium === undefined && 'there is no chromium on the PATH' },
  async () => {
    const code = `import * as protocol from '@soma/protocol';
      document.body.textContent = protocol.canonicalJson({
        version: protocol.roomVersion('12').id,
        user: protocol.parseUserId('@alice:example.org'),
      });`;
    const imports = { '@soma/protocol': '/dist/index.js' };
    const profile = join(folder, 'browser');
    const text = await inChromium(chromium ?? '', code, installed, imports, profile);
    assert.equal(text, '{"user":"@alice:example.org","version":"12"}');
  },
);

// Packing changes package.json for a moment, which whatever else runs in the workspace must not see.
function packACopy(): void {
  const copy = join(folder, 'packages/protocol');
  cpSync(join(root, 'packages/protocol'), copy, { recursive: true });
  for (const file of ['LICENSE', 'tsconfig.json']) cpSync(join(root, file), join(folder, file));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  npm(copy, 'pack', '--pack-destination', folder);
  const left = globSync('{dist,LICENSE}', { cwd: copy });
  assert.deepEqual(left, [], 'packing leaves nothing behind');
  const manifests = [copy, join(root, 'packages/protocol')].map((place) =>
    readFileSync(join(place, 'package.json'), 'utf8'),
  );
  assert.equal(manifests[0], manifests[1], 'packing leaves package.json as it was');
}

function npm(cwd: string, ...args: string[]): void {
  run(cwd, 'npm', ...args, '--cache', join(folder, 'cache'), '--update-notifier', 'false');
}

function run(cwd: string, command: string, ...args: string[]): string {
  const PATH = [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
  const env = { ...process.env, PATH, NODE_OPTIONS: '' };
  try {
    return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const said = error instanceof Error && 'stdout' in error ? String(error.stdout) : '';
    throw new Error(`${command} ${args.join(' ')} failed:\n${said}`, { cause: error });
  }
}
