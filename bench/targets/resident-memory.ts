import { readFileSync } from 'node:fs';

/** Resident memory of a process in bytes; NaN where the system does not tell. */
export interface ResidentMemory {
  readonly total: number;
  /** Without pages of files, such as those of a mapped database, which the system can drop. */
  readonly ownOnly: number;
}

export function residentMemory(pid: number): ResidentMemory {
  const status = readStatus(pid);
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
  return { total: bytes('VmRSS'), ownOnly: bytes('RssAnon') };
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return '';
  }
}
