import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Imports a program as if Node were of another version. */
const PRETEND = `
Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.18.0' } });
Object.defineProperty(process, 'version', { value: 'v20.18.0' });
await import(process.argv[1]);
`;

for (const program of ['soma-server.mjs', 'soma.mjs']) {
  test(`${program} refuses an older Node with a clear text`, async () => {
    const url = new URL(`../../bin/${program}`, import.meta.url).href;
    await assert.rejects(run(process.execPath, ['--input-type=module', '--eval', PRETEND, url]), {
      code: 1,
      stdout: '',
      stderr:
        'Soma needs Node 24 or newer and was started with v20.18.0. Run "npm ci", then ' +
        '"npm start": that brings the right Node along and uses it.\n',
    });
  });
}
