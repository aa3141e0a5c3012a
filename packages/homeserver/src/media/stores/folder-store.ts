import { copyFile, link, mkdir, open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { chunkBytes } from '../limits.ts';
import type { ByteRange, FileStore } from './file-store.ts';

/** Files in a folder of this machine, or one that is mounted there. */
export class FolderStore implements FileStore {
  readonly name: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.name = `folder:${folder}`;
    this.#folder = folder;
  }

  pathOf(key: string): string {
    return join(this.#folder, key);
  }

  async put(key: string, path: string): Promise<void> {
    const target = this.pathOf(key);
    const made = await mkdir(dirname(target), { recursive: true });
    const beside = `${target}.new`;
    await rm(beside, { force: true });
    try {
      await link(path, beside);
    } catch {
      // Another file system, or one without links.
      await copyFile(path, beside);
      await syncPath(beside);
    }
    await rename(beside, target);
    // Two links to one file make the rename do nothing.
    await rm(beside, { force: true });
    await syncFolders(dirname(target), made === undefined ? dirname(target) : dirname(made));
  }

  async open(key: string, range: ByteRange): Promise<AsyncIterable<Uint8Array> | undefined> {
    const file = await openIfThere(this.pathOf(key));
    return file === undefined ? undefined : new FileChunks(file, range);
  }

  async remove(key: string): Promise<void> {
    await rm(this.pathOf(key), { force: true });
  }
}

export async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/**
 * Reads a chunk when it is asked for, into the memory of the one before, and closes the file at the end. No generator:
 * one that is given up before it began would never close it.
 */
class FileChunks implements AsyncIterableIterator<Uint8Array> {
  readonly #file: FileHandle;
  readonly #end: number;
  readonly #buffer: Buffer;
  #at: number;

  constructor(file: FileHandle, { start, end }: ByteRange) {
    this.#file = file;
    this.#at = start;
    this.#end = end;
    this.#buffer = Buffer.allocUnsafeSlow(Math.min(chunkBytes, end - start));
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#at >= this.#end) return this.return();
    const wanted = Math.min(this.#buffer.length, this.#end - this.#at);
    try {
      const { bytesRead } = await this.#file.read(this.#buffer, 0, wanted, this.#at);
      if (bytesRead === 0) throw new Error('a media file is shorter than its row says');
      this.#at += bytesRead;
      return { done: false, value: this.#buffer.subarray(0, bytesRead) };
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.#at = this.#end;
    await this.#file.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** From the innermost up to `last`: a new folder is an entry of the one around it. */
async function syncFolders(innermost: string, last: string): Promise<void> {
  for (let folder = innermost; ; folder = dirname(folder)) {
    await syncPath(folder);
    if (folder === last || folder === dirname(folder)) return;
  }
}

async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
