import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where in its history the program is, when it runs from a checkout. */
export interface Checkout {
  /** Undefined when no branch is checked out. */
  readonly branch: string | undefined;
  readonly commit: string;
}

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const HASH_LENGTH = 10;

/** Read from git's own files: the program git need not be there. Undefined where the folder is no checkout. */
export function readCheckout(folder = root): Checkout | undefined {
  try {
    const gitFolder = gitFolderOf(folder);
    const head = readFileSync(join(gitFolder, 'HEAD'), 'utf8').trim();
    const reference = /^ref: (.+)$/.exec(head)?.[1];
    const commit = reference === undefined ? head : commitOf(gitFolder, reference);
    if (commit === undefined || !/^[0-9a-f]{40,}$/.test(commit)) return undefined;
    return {
      branch: reference?.replace(/^refs\/heads\//, ''),
      commit: commit.slice(0, HASH_LENGTH),
    };
  } catch {
    // Whatever is missing, it is no checkout then.
    return undefined;
  }
}

/** Of a worktree, `.git` is a file that says where its folder is. */
function gitFolderOf(folder: string): string {
  const path = join(folder, '.git');
  if (statSync(path).isDirectory()) return path;
  const target = /^gitdir: (.+)$/m.exec(readFileSync(path, 'utf8'))?.[1];
  return resolve(folder, target ?? path);
}

function commitOf(gitFolder: string, reference: string): string | undefined {
  const shared = read(join(gitFolder, 'commondir'));
  const folders = [gitFolder, ...(shared === undefined ? [] : [resolve(gitFolder, shared)])];
  for (const folder of folders) {
    const loose = read(join(folder, reference));
    if (loose !== undefined) return loose;
    const packed = read(join(folder, 'packed-refs'))?.split('\n') ?? [];
    const line = packed.find((each) => each.endsWith(` ${reference}`));
    if (line !== undefined) return line.split(' ', 1)[0];
  }
  return undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
