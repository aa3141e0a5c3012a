import { readFileSync } from 'node:fs';

/** The kernel counts CPU time in ticks of 10 ms on every Linux that Node runs on. */
const tickMs = 10;

/** CPU time of a process so far with all its threads, in ms; NaN where the system does not tell. */
export function cpuTimeMs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may hold blanks; user and system time are fields 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * tickMs;
  } catch {
    return Number.NaN;
  }
}
