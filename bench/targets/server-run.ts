import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { HttpConnection, host } from '../load/http-connection.ts';
import { requestText } from '../load/request-text.ts';

const startTimeoutMs = 120_000;
const pollMs = 5;

/** One run of a server program that listens on a port. */
export interface ServerRun {
  readonly pid: number;
  /** From the start of the process to the first 200 on `/_matrix/client/versions`. */
  readonly startMs: number;
  /** Sends SIGTERM and waits for the exit. */
  stop(): Promise<void>;
}

/**
 * Starts `node <args>` and waits until it answers.
 *
 * @param logPath takes its output, so that nobody has to read it meanwhile
 */
export async function runServer(
  args: readonly string[],
  port: number,
  logPath: string,
): Promise<ServerRun> {
  const log = openSync(logPath, 'a');
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', log, log] });
  closeSync(log);
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow);
  child.once('exit', () => process.off('exit', killNow));
  await waitUntilServing(child, port, logPath);
  const startMs = performance.now() - startedAt;
  return {
    pid: child.pid ?? 0,
    startMs,
    async stop() {
      if (hasEnded(child)) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function waitUntilServing(child: ChildProcess, port: number, logPath: string): Promise<void> {
  const deadline = performance.now() + startTimeoutMs;
  while (!(await answersVersions(port))) {
    if (hasEnded(child) || performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`the server did not start; the end of its log:\n${endOfLog(logPath)}`);
    }
    await sleep(pollMs);
  }
}

function endOfLog(path: string): string {
  return readFileSync(path, 'utf8').slice(-2000);
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function answersVersions(port: number): Promise<boolean> {
  if (!(await accepts(port))) return false;
  const connection = new HttpConnection(port);
  try {
    const text = requestText('GET', '/_matrix/client/versions', port);
    return (await connection.request(text)).status === 200;
  } catch {
    return false;
  } finally {
    connection.close();
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
    socket.once('connect', () => socket.destroy());
  });
}
