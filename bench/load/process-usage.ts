import { readFileSync } from 'node:fs';

/** What a process has used since its start; NaN where the system does not tell. */
export interface ProcessUsage {
  /** CPU time of all its threads. */
  readonly cpuMs: number;
  /** What it made the disk write, in whole pages of the page cache. */
  readonly writtenBytes: number;
}

/** The kernel counts CPU time in ticks of 10 ms on every Linux that Node runs on. */
const tickMs = 10;

export function processUsage(pid: number): ProcessUsage {
  return { cpuMs: cpuMsOf(pid), writtenBytes: writtenBytesOf(pid) };
}

function cpuMsOf(pid: number): number {
  const stat = read(pid, 'stat');
  // The name, in parentheses, may hold blanks; user and system time are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

function writtenBytesOf(pid: number): number {
  return Number(/^write_bytes: (\d+)/m.exec(read(pid, 'io'))?.[1]);
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
