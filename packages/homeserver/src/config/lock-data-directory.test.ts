import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

import { lockDataDirectory } from './lock-data-directory.ts';
import { StartRefusal } from './start-refusal.ts';

const folder = mkdtempSync(join(tmpdir(), 'soma-lock-'));
after(() => rmSync(folder, { recursive: true }));

const HOLDER = `
const { lockDataDirectory } = await import(process.argv[1]);
lockDataDirectory(process.argv[2]);
process.stdout.write('locked');
setInterval(() => {}, 1000);
`;

test('a second lock on one folder is refused until the first is released', () => {
  const lock = lockDataDirectory(folder);
  assert.throws(
    () => lockDataDirectory(folder),
    (error) => error instanceof StartRefusal && error.message.includes(folder),
  );
  lock.release();
  lock.release();
  lockDataDirectory(folder).release();
});

test('the lock of another process counts, and ends with it even when it is killed', async () => {
  const module = new URL('./lock-data-directory.ts', import.meta.url).href;
  const args = ['--input-type=module', '--eval', HOLDER, module, folder];
  const holder = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  assert.throws(() => lockDataDirectory(folder), /Another Soma is running on the folder/);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  lockDataDirectory(folder).release();
});

test('a folder that does not exist is refused by name', () => {
  const absent = join(folder, 'absent');
  assert.throws(
    () => lockDataDirectory(absent),
    (error) => error instanceof StartRefusal && error.message.includes(`${absent} cannot be used`),
  );
});
