import type { FileResult } from './run-test-file.ts';
import type { TestRecord } from './test-record.ts';

/** One line for a file, followed by its failures and output when it failed. */
export function describeFile(result: FileResult): string {
  const failures = result.records.filter((record) => record.outcome === 'failed');
  const failed = failures.length > 0 || result.problem !== undefined;
  const seconds = (result.durationMs / 1000).toFixed(1);
  const lines = [
    `${failed ? 'FAIL' : 'ok  '} ${result.file}  ${count(result.records.length, 'test')}  ${seconds} s`,
  ];
  if (!failed) return `${lines.join('\n')}\n`;
  if (result.problem !== undefined) lines.push(`  the file ${result.problem}`);
  for (const failure of failures) {
    lines.push(`  failed: ${failure.path.join(' > ')}`, indent(failure.detail, '    '));
  }
  if (result.output.trim() !== '')
    lines.push('  its output:', indent(result.output.trim(), '  | '));
  return `${lines.join('\n')}\n`;
}

export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Counts tests; a file that failed as a whole counts as one failed test. */
export function countTotals(results: readonly FileResult[]): Totals {
  const records = results.flatMap((result) => result.records);
  const having = (outcome: TestRecord['outcome']): number =>
    records.filter((record) => record.outcome === outcome).length;
  const fileProblems = results.filter((result) => result.problem !== undefined).length;
  return {
    passed: having('passed'),
    failed: having('failed') + fileProblems,
    skipped: having('skipped'),
  };
}

/** The closing lines: failed tests, reasons for skips, tests per engine, and the totals. */
export function describeRun(results: readonly FileResult[]): string {
  const lines: string[] = ['', ...describeFailures(results), ...describeSkips(results)];
  const records = results.flatMap((result) => result.records);
  const ran = records.filter((record) => record.outcome !== 'skipped');
  const engines = ['sqlite', 'postgres'].map((engine) => {
    const tests = ran.filter((record) => namesEngine(record, engine));
    return `${count(tests.length, 'test')} on ${engine}`;
  });
  const neutral = ran.filter((record) => !namesEngine(record, '(?:sqlite|postgres)'));
  lines.push(`${engines.join(', ')}, ${neutral.length} that need no engine`);
  const { passed, failed, skipped } = countTotals(results);
  lines.push(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  return `${lines.join('\n')}\n`;
}

/** A test runs on an engine when its name, or that of a suite around it, holds the engine's name. */
function namesEngine(record: TestRecord, engine: string): boolean {
  const word = new RegExp(`\\b${engine}\\b`, 'i');
  return record.path.some((name) => word.test(name));
}

function describeFailures(results: readonly FileResult[]): string[] {
  return results.flatMap((result) => [
    ...(result.problem === undefined ? [] : [`failed: ${result.file}: ${result.problem}`]),
    ...result.records
      .filter((record) => record.outcome === 'failed')
      .map((record) => `failed: ${result.file}: ${record.path.join(' > ')}`),
  ]);
}

function describeSkips(results: readonly FileResult[]): string[] {
  const skips = results
    .flatMap((result) => result.records)
    .filter((record) => record.outcome === 'skipped');
  const byReason = Map.groupBy(skips, (record) => record.detail || record.path.join(' > '));
  return [...byReason].map(([reason, records]) => `skipped ${records.length}: ${reason}`);
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function indent(text: string, prefix: string): string {
  return text.replaceAll(/^/gm, prefix);
}
