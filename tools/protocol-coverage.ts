// Runs the tests of the protocol package and prints what they reach of the code that other servers must agree with.
// Fails when a line or a branch of it is neither reached nor among the exceptions.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { COVERAGE_EXCEPTIONS } from './coverage/exceptions.ts';
import { type Count, type FileCoverage, parseLcov } from './coverage/lcov.ts';

const PACKAGE = fileURLToPath(new URL('../packages/protocol/', import.meta.url));

/** What must be reached wholly; a folder that is not there yet counts from the day that it is. */
const GATED = [
  'src/auth-rules/',
  'src/state-resolution/',
  'src/events/',
  'src/room-versions/',
  'src/canonical-json.ts',
  'src/check-json.ts',
  'src/exact-number.ts',
  'src/parse-json.ts',
];

function run(): number {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--test',
      `--import=${new URL('test/property-seed.ts', import.meta.url).href}`,
      '--experimental-test-coverage',
      '--test-reporter=lcov',
      '--test-coverage-include=src/**',
      '--test-coverage-exclude=**/*.test.ts',
      ...testFiles(),
    ],
    { cwd: PACKAGE, encoding: 'utf8', maxBuffer: 2 ** 28 },
  );
  if (status !== 0) {
    console.error(`The tests of the protocol package failed.\n${stderr}`);
    return 1;
  }
  const gated = parseLcov(stdout).filter(({ file }) => isGated(file));
  console.log(table(gated));
  const problems = [...unexcused(gated), ...staleExceptions(gated)];
  for (const problem of problems) console.error(problem);
  return problems.length === 0 && gated.length > 0 ? 0 : 1;
}

function isGated(file: string): boolean {
  return GATED.some((start) => file.startsWith(start));
}

function testFiles(): string[] {
  return GATED.map((start) =>
    start.endsWith('/') ? `${start}**/*.test.ts` : start.replace('.ts', '.test.ts'),
  );
}

function missedLines({ file, missed }: FileCoverage): { number: number; line: string }[] {
  const source = readFileSync(new URL(file, `file://${PACKAGE}`), 'utf8').split('\n');
  return missed.map((number) => ({ number, line: (source[number - 1] ?? '').trim() }));
}

function unexcused(files: readonly FileCoverage[]): string[] {
  return files.flatMap((coverage) =>
    missedLines(coverage)
      .filter(
        ({ line }) =>
          !COVERAGE_EXCEPTIONS.some((each) => each.file === coverage.file && each.line === line),
      )
      .map(({ number, line }) => `not reached: ${coverage.file}:${number}  ${line}`),
  );
}

function staleExceptions(files: readonly FileCoverage[]): string[] {
  return COVERAGE_EXCEPTIONS.filter(
    ({ file, line }) =>
      !files.some((each) => each.file === file && missedLines(each).some((at) => at.line === line)),
  ).map(({ file, line }) => `an exception that is none any more: ${file}  ${line}`);
}

function table(files: readonly FileCoverage[]): string {
  const rows = files.map(({ file, lines, branches }) => [file, share(lines), share(branches)]);
  return [['file', 'lines', 'branches'], ...rows]
    .map(([file = '', lines = '', branches = '']) =>
      [file.padEnd(42), lines.padStart(14), branches.padStart(14)].join(''),
    )
    .join('\n');
}

function share({ reached, total }: Count): string {
  return `${reached}/${total}`;
}

process.exitCode = run();
