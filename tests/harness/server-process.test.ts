import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { spawnServer } from './server-process.ts';

const untilSigterm =
  "process.on('SIGTERM', () => process.exit(3)); setInterval(() => {}, 1000); console.log('up');";

async function startScript(script: string): Promise<ReturnType<typeof spawnServer>> {
  let output = '';
  const server = spawnServer(['-e', script], (text) => {
    output += text;
  });
  while (!output.includes('up') && server.ending() === undefined) await sleep(5);
  return server;
}

test('a server that handles SIGTERM ends with its own exit code', async () => {
  const server = await startScript(untilSigterm);
  assert.equal(server.ending(), undefined);
  assert.equal(await server.end('SIGTERM'), 3);
});

test('a killed server ends with the signal', async () => {
  const server = await startScript(untilSigterm);
  assert.equal(await server.end('SIGKILL'), 'SIGKILL');
});

test('ending a server that has ended gives how it ended', async () => {
  const server = await startScript('process.exit(7)');
  assert.equal(await server.end('SIGTERM'), 7);
});
