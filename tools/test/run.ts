// `npm test`: every test of the repository, on every database engine it runs on.
// `npm test -- <part of a path, or a glob>...` runs the matching test files only.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { findTestFiles } from './find-test-files.ts';
import type { PostgresCluster } from './postgres-cluster.ts';
import { prepareChromium } from './prepare-chromium.ts';
import { preparePostgres } from './prepare-postgres.ts';
import { countTotals, describeFile, describeRun } from './report.ts';
import { runTestFile, type FileResult } from './run-test-file.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const concurrency = 2;
const fileTimeoutMs = 300_000;

async function main(patterns: readonly string[]): Promise<number> {
  const files = findTestFiles(root, patterns);
  if (files.length === 0) {
    console.error(`no test file matches ${patterns.join(' ')}`);
    return 1;
  }
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => interruption.abort());
  }
  const browser = prepareBrowser(files);
  const cluster = await prepareEngines(files);
  const scratchFolder = mkdtempSync(join(tmpdir(), 'soma-test-'));
  try {
    // Temporary folders that a killed test leaves behind go with the run's own.
    const env = {
      ...process.env,
      NO_COLOR: '1',
      TMPDIR: scratchFolder,
      SOMA_TEST_SCRATCH: scratchFolder,
    };
    if (cluster !== undefined) Object.assign(env, { SOMA_TEST_POSTGRES: cluster.url });
    if (browser !== undefined) Object.assign(env, { SOMA_TEST_CHROMIUM: browser });
    const results = await runFiles(files, scratchFolder, env, interruption.signal);
    process.stdout.write(describeRun(results));
    if (interruption.signal.aborted) console.error('interrupted');
    const { passed, failed } = countTotals(results);
    return failed > 0 || passed === 0 || interruption.signal.aborted ? 1 : 0;
  } finally {
    rmSync(scratchFolder, { recursive: true, force: true });
    await cluster?.stop();
  }
}

function prepareEngines(files: readonly string[]): Promise<PostgresCluster | undefined> {
  // The protocol package does no I/O, so its tests need no database.
  const needed = files.some((file) => !file.startsWith('packages/protocol/'));
  const given = process.env['SOMA_TEST_POSTGRES'] !== undefined;
  return needed && !given ? preparePostgres() : Promise.resolve(undefined);
}

/** Its path, for the files that look at pages. */
function prepareBrowser(files: readonly string[]): string | undefined {
  const given = process.env['SOMA_TEST_CHROMIUM'];
  const needed = files.some((file) => file.startsWith('tests/pages/'));
  return needed && given === undefined ? prepareChromium() : given;
}

async function runFiles(
  files: readonly string[],
  scratchFolder: string,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<FileResult[]> {
  const waiting = [...files];
  const results: FileResult[] = [];
  const lane = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      if (signal.aborted) return;
      const timeoutMs = fileTimeoutMs;
      const result = await runTestFile({ root, file, scratchFolder, env, timeoutMs, signal });
      results.push(result);
      process.stdout.write(describeFile(result));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  return results;
}

process.exitCode = await main(process.argv.slice(2));
