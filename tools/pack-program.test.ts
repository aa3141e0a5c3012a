import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { after, test } from 'node:test';

import { packedProgram } from '../packages/homeserver/bin/packed-program.mjs';
import { packProgram } from './pack-program.ts';

// Below node_modules, where the packed program finds the packages that are not part of it.
const folder = new URL(`../node_modules/.cache/pack-test-${process.pid}/`, import.meta.url);
const manifest = new URL('manifest.json', folder);
after(() => rmSync(folder, { recursive: true, force: true }));

test('the packed program runs', async () => {
  await packProgram(folder);
  const program = packedProgram('cli', folder);
  assert.ok(program !== undefined);
  const script = `const { main } = await import('${program.href}'); await main(['--help']);`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  assert.match(output, /check-database/);
});

test('it is left alone where a source has changed, where it was moved, and where it is not whole', () => {
  const text = readFileSync(manifest, 'utf8');
  const { root, inputs } = JSON.parse(text);
  const [changed = ''] = Object.keys(inputs);
  for (const wrong of [
    { root, inputs: { ...inputs, [changed]: '1 1' } },
    { root, inputs: { ...inputs, 'packages/gone.ts': '1 1' } },
    { root: `${root}elsewhere/`, inputs },
    {},
  ]) {
    writeFileSync(manifest, JSON.stringify(wrong));
    assert.equal(packedProgram('cli', folder), undefined);
  }
  writeFileSync(manifest, text);
  assert.ok(packedProgram('cli', folder) !== undefined);
});
