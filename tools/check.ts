// `npm run check`: everything that is checked without running the server. One line for each step,
// and the output of those that fail.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

interface StepResult {
  readonly failed: boolean;
  readonly output: string;
  readonly durationMs: number;
}

const root = fileURLToPath(new URL('..', import.meta.url));
const concurrency = 2;
const sourceFolders = ['packages', 'tests', 'tools', 'bench'].filter((folder) =>
  existsSync(join(root, folder)),
);

const steps: readonly Step[] = [
  { name: 'types', command: 'tsc', args: ['--noEmit', '-p', 'tsconfig.json'] },
  { name: 'lint', command: 'oxlint', args: sourceFolders },
  { name: 'format', command: 'oxfmt', args: ['--list-different', '.'] },
  { name: 'unused', command: 'knip', args: ['--no-progress', '--no-config-hints'] },
  ...generatedStep(),
  { name: 'tidy', command: process.execPath, args: ['tests/tidy.test.ts'] },
  { name: 'coverage', command: process.execPath, args: ['tools/protocol-coverage.ts'] },
];

/** Compares the generated documents with what their source gives now. */
function generatedStep(): Step[] {
  if (!existsSync(join(root, 'tools/generate.ts'))) return [];
  return [{ name: 'generated', command: process.execPath, args: ['tools/generate.ts', '--check'] }];
}

async function main(): Promise<number> {
  const waiting = [...steps];
  let failures = 0;
  const lane = async (): Promise<void> => {
    for (let step = waiting.shift(); step !== undefined; step = waiting.shift()) {
      const result = await runStep(step);
      if (result.failed) failures += 1;
      process.stdout.write(describe(step, result));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  console.log(
    failures === 0 ? 'check: all is well' : `check: ${failures} of ${steps.length} failed`,
  );
  return failures === 0 ? 0 : 1;
}

function runStep({ command, args }: Step): Promise<StepResult> {
  const startedAt = performance.now();
  // The repository's own tools first, and with them its own Node.
  const path = [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, PATH: path, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const collect = (chunk: string): void => {
    output += chunk;
  };
  child.stdout.setEncoding('utf8').on('data', collect);
  child.stderr.setEncoding('utf8').on('data', collect);
  return new Promise((resolve) => {
    const finish = (failed: boolean): void =>
      resolve({ failed, output, durationMs: performance.now() - startedAt });
    child.once('error', (error) => {
      output += `could not start ${command}: ${error.message}`;
      finish(true);
    });
    child.once('close', (code) => finish(code !== 0));
  });
}

function describe({ name }: Step, { failed, output, durationMs }: StepResult): string {
  const seconds = (durationMs / 1000).toFixed(1);
  const line = `${failed ? 'FAIL' : 'ok  '} ${name}  ${seconds} s\n`;
  return failed ? `${line}${output.trimEnd().replaceAll(/^/gm, '  ')}\n` : line;
}

process.exitCode = await main();
