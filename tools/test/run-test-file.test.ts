import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { runTestFile, type FileResult } from './run-test-file.ts';

const root = mkdtempSync(join(tmpdir(), 'soma-runner-'));
after(() => rmSync(root, { recursive: true, force: true }));

function run(name: string, body: string, timeoutMs = 60_000): Promise<FileResult> {
  const file = `${name}.test.mjs`;
  writeFileSync(join(root, file), `import { test, describe } from 'node:test';\n${body}`);
  return runTestFile({ root, file, scratchFolder: root, env: process.env, timeoutMs });
}

test('each test gives a record with the names around it', async () => {
  const result = await run(
    'records',
    `describe('outer', () => {
       test('good', () => {});
       test('bad', () => { throw new Error('no such luck'); });
       test('absent', { skip: 'not here' }, () => {});
     });`,
  );
  assert.equal(result.problem, undefined);
  const brief = result.records.map(({ path, outcome }) => [path.join('/'), outcome]);
  assert.deepEqual(brief, [
    ['outer/good', 'passed'],
    ['outer/bad', 'failed'],
    ['outer/absent', 'skipped'],
  ]);
  assert.match(result.records[1]?.detail ?? '', /no such luck/);
  assert.equal(result.records[2]?.detail, 'not here');
});

test('a file without tests is a problem', async () => {
  assert.equal((await run('empty', '')).problem, 'holds no test');
});

test('a file that crashes is a problem, shown with its output', async () => {
  const result = await run('crash', `throw new Error('cannot load');`);
  assert.equal(result.problem, 'ended with exit code 1');
  assert.match(result.output, /cannot load/);
});

test('a process that stays open after its tests is ended and a problem', async () => {
  const result = await run('open', `test('good', () => {}); setInterval(() => {}, 1000);`, 2_000);
  assert.match(result.problem ?? '', /did not end within 2 s/);
});

test('a failing hook fails its suite', async () => {
  const result = await run(
    'hook',
    `import { before } from 'node:test';
     describe('suite', () => { before(() => { throw new Error('hook'); }); test('t', () => {}); });`,
  );
  assert.ok(result.records.some(({ outcome }) => outcome === 'failed'));
});
