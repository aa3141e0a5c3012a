import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

import { StartRefusal } from './start-refusal.ts';

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/** Makes a folder, and those above it, for its owner alone; one that exists stays as it is. */
export function makeSecretDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: OWNER_ONLY_FOLDER });
  } catch (error) {
    throw new StartRefusal(`The folder ${path} cannot be made: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}

/**
 * Writes a new file, readable by its owner alone; it appears complete or not at all. Throws a
 * StartRefusal where the file exists.
 */
export function writeSecretFile(path: string, content: string): void {
  makeSecretDirectory(dirname(path));
  if (existsSync(path)) throw new StartRefusal(`The file ${path} is there already.`);
  const unfinished = `${path}.${process.pid}.new`;
  try {
    const file = openSync(unfinished, 'wx', OWNER_ONLY_FILE);
    try {
      writeSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw new StartRefusal(`The file ${path} cannot be made: ${reasonOf(error)}.`, {
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EACCES' || code === 'EPERM') return 'no permission';
  return error instanceof Error ? error.message : String(error);
}
