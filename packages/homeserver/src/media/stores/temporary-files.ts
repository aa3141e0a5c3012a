import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What was written to a temporary file, safe on the disk. */
export interface WrittenFile {
  readonly path: string;
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/** Files that are being written; what is in the folder at a start, nobody wants any more. */
export class TemporaryFiles {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(folder: string): Promise<TemporaryFiles> {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new TemporaryFiles(folder);
  }

  newPath(): string {
    return join(this.#folder, randomBytes(12).toString('hex'));
  }

  /**
   * Writes the chunks to a new file, each before the next is asked for, and syncs it. `onWritten` hears of each
   * chunk once it is in the file; what it throws ends the writing. Then, and when the chunks throw, the file is
   * gone. It is the caller's to remove afterwards.
   */
  async write(
    chunks: AsyncIterable<Uint8Array>,
    onWritten: (bytes: number) => void,
    path = this.newPath(),
  ): Promise<WrittenFile> {
    const hash = createHash('sha256');
    const file = await open(path, 'wx', 0o600);
    let bytes = 0;
    try {
      for await (const chunk of chunks) {
        hash.update(chunk);
        await file.writeFile(chunk);
        bytes += chunk.length;
        onWritten(bytes);
      }
      await file.sync();
    } catch (error) {
      await file.close();
      await rm(path, { force: true });
      throw error;
    }
    await file.close();
    return { path, bytes, sha256: hash.digest('hex') };
  }
}
