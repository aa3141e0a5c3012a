import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { parseRecords, type TestRecord } from './test-record.ts';

/** What became of one test file. */
export interface FileResult {
  readonly file: string;
  readonly records: readonly TestRecord[];
  readonly durationMs: number;
  /** The end of what the file's process wrote to standard output and standard error. */
  readonly output: string;
  /** Why the file failed as a whole, beyond its tests' own failures. */
  readonly problem: string | undefined;
}

export interface FileRun {
  readonly root: string;
  /** Path relative to `root`. */
  readonly file: string;
  /** An existing folder for the event reporter's output. */
  readonly scratchFolder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const reporter = fileURLToPath(new URL('event-reporter.ts', import.meta.url));
const propertySeed = new URL('property-seed.ts', import.meta.url).href;
const outputKeptChars = 64_000;
const terminationGraceMs = 3_000;

/** Runs one test file in a process of its own and ends whatever that process leaves running. */
export async function runTestFile(run: FileRun): Promise<FileResult> {
  const events = join(run.scratchFolder, `${run.file.replaceAll('/', '_')}.jsonl`);
  const startedAt = performance.now();
  const child = spawn(process.execPath, testArguments(run, events), {
    cwd: run.root,
    env: run.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, so that the servers a test starts end with it.
    detached: true,
  });
  let output = '';
  const keep = (chunk: string): void => {
    output = (output + chunk).slice(-outputKeptChars);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const ending = await waitForEnd(child, run);
  const records = existsSync(events) ? parseRecords(readFileSync(events, 'utf8')) : [];
  return {
    file: run.file,
    records,
    durationMs: performance.now() - startedAt,
    output,
    problem: describeProblem(ending, records),
  };
}

function testArguments(run: FileRun, events: string): string[] {
  return [
    // A hanging test is named by this limit; the file's own is for a process that does not end.
    `--test-timeout=${Math.ceil(run.timeoutMs * 0.8)}`,
    `--import=${propertySeed}`,
    `--test-reporter=${reporter}`,
    `--test-reporter-destination=${events}`,
    run.file,
  ];
}

interface Ending {
  readonly exit: string;
  readonly timeoutMs: number | undefined;
}

function waitForEnd(child: ChildProcess, run: FileRun): Promise<Ending> {
  return new Promise((resolve, reject) => {
    let timedOut = false;
    const terminate = (): void => {
      signalGroup(child, 'SIGTERM');
      setTimeout(() => signalGroup(child, 'SIGKILL'), terminationGraceMs).unref();
    };
    const timer = setTimeout(() => {
      timedOut = true;
      terminate();
    }, run.timeoutMs);
    run.signal?.addEventListener('abort', terminate, { once: true });
    child.once('error', reject);
    child.once('exit', () => signalGroup(child, 'SIGKILL'));
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      run.signal?.removeEventListener('abort', terminate);
      const exit = signal === null ? `exit code ${code}` : signal;
      resolve({ exit, timeoutMs: timedOut ? run.timeoutMs : undefined });
    });
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // No process of the group is left.
  }
}

function describeProblem(ending: Ending, records: readonly TestRecord[]): string | undefined {
  if (ending.timeoutMs !== undefined) {
    return `did not end within ${ending.timeoutMs / 1000} s (a test hangs, or something stays open)`;
  }
  if (records.some((record) => record.outcome === 'failed')) return undefined;
  if (ending.exit !== 'exit code 0') return `ended with ${ending.exit}`;
  return records.length === 0 ? 'holds no test' : undefined;
}
