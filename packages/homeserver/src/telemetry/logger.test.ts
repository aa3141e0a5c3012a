import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { LineBuffer } from './line-buffer.ts';
import { createLogger } from './logger.ts';

test('a line is JSON with level, time and message', () => {
  const lines: string[] = [];
  const { logger } = createLogger({ destination: { write: (line) => lines.push(line) } });
  logger.info({ user: '@a:b "c"\n' }, 'request');
  logger.debug('not at this level');
  assert.equal(lines.length, 1);
  const line: unknown = JSON.parse(lines[0] ?? '');
  assert.partialDeepStrictEqual(line, { level: 30, user: '@a:b "c"\n', msg: 'request' });
  assert.match(lines[0] ?? '', /"time":"\d{4}-\d\d-\d\dT[\d:.]+Z"/);
});

test('an error is logged with its cause', () => {
  const lines: string[] = [];
  const { logger } = createLogger({ destination: { write: (line) => lines.push(line) } });
  logger.error({ err: new Error('outer', { cause: new Error('inner reason') }) }, 'failed');
  assert.match(lines[0] ?? '', /outer[^]*inner reason/);
});

test('a file has the lines once they are flushed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'soma-log-'));
  const filePath = join(folder, 'logs', 'soma.log');
  const { logger, flush } = createLogger({ filePath, level: 'warn' });
  logger.info('left out');
  for (let index = 0; index < 500; index += 1) logger.warn({ index }, 'x'.repeat(100));
  flush();
  const lines = readFileSync(filePath, 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).index),
    Array.from({ length: 500 }, (_, index) => index),
  );
  rmSync(folder, { recursive: true });
});

test('lines are handed on together, in order, when there are enough', () => {
  const written: string[] = [];
  const buffer = new LineBuffer({ write: (text) => written.push(text) }, 6, 60_000);
  buffer.write('ab\n');
  assert.deepEqual(written, []);
  buffer.write('cd\n');
  buffer.write('e\n');
  buffer.flush();
  buffer.flush();
  assert.deepEqual(written, ['ab\ncd\n', 'e\n']);
});

test('a line alone is handed on after a while', async () => {
  await new Promise<void>((resolve) => {
    const buffer = new LineBuffer({ write: () => resolve() }, 1_000, 1);
    buffer.write('a\n');
    // The buffer's own timer lets the process end; this test waits for it.
    setTimeout(() => {}, 50);
  });
});
