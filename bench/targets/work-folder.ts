import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface WorkFolder {
  readonly path: string;
  remove(): void;
}

/** A temporary folder that goes when it is removed, or else when this process ends. */
export function makeWorkFolder(name: string): WorkFolder {
  const path = mkdtempSync(join(tmpdir(), `soma-bench-${name}-`));
  const removeNow = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  process.once('exit', removeNow);
  return {
    path,
    remove() {
      process.off('exit', removeNow);
      removeNow();
    },
  };
}
