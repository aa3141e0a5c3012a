import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** One run of a server program, from its start to its exit. */
export interface ServerProcess {
  readonly pid: number;
  /** How it ended: its exit code or the signal's name; undefined while it runs. */
  readonly ending: () => number | NodeJS.Signals | undefined;
  /** Sends a signal and waits for the exit. Does nothing more when it has already ended. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals>;
}

/**
 * Starts `node <args>`. The process ends with this one, and does not keep this one alive.
 *
 * @param onOutput receives what it writes to standard output and standard error
 */
export function spawnServer(
  args: readonly string[],
  onOutput: (text: string) => void,
): ServerProcess {
  // As few-arenas.mjs would have it, without a second start.
  const env = { ...process.env, MALLOC_ARENA_MAX: '2' };
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  if (child.pid === undefined) throw new Error(`could not start ${process.execPath}`);
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow);
  child.once('exit', () => process.off('exit', killNow));
  collectOutput(child, onOutput);
  child.unref();
  const ending = (): number | NodeJS.Signals | undefined =>
    child.exitCode ?? child.signalCode ?? undefined;
  return {
    pid: child.pid,
    ending,
    async end(signal) {
      if (ending() === undefined) {
        child.ref();
        const exited = once(child, 'exit');
        child.kill(signal);
        await exited;
      }
      return ending() ?? signal;
    },
  };
}

function collectOutput(child: ChildProcess, onOutput: (text: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', onOutput);
    // A pipe of a child is a socket, though its type does not say so.
    if (stream !== null && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
  }
}
