import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Of the whole process, in megabytes. */
export function residentMemory(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1000;
}

/** The most memory that the process takes while `body` runs. */
export async function peakDuring(pid: number, body: Promise<unknown>): Promise<number> {
  let peak = 0;
  let isRunning = true;
  const watch = async (): Promise<void> => {
    while (isRunning) {
      peak = Math.max(peak, residentMemory(pid));
      await sleep(10);
    }
  };
  const watching = watch();
  await body.finally(() => (isRunning = false));
  await watching;
  return peak;
}
