import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';

import type { StorageProviderConfig } from '../../config/config.ts';
import type { ByteRange, FileStore } from './file-store.ts';
import { FolderStore } from './folder-store.ts';

interface Provider {
  readonly store: FileStore;
  readonly storeLocal: boolean;
  readonly storeRemote: boolean;
  readonly isSynchronous: boolean;
}

export interface MediaFilesOptions {
  readonly folder: string;
  readonly storesOnDisk: boolean;
  readonly providers: readonly StorageProviderConfig[];
}

/** All places of the media together: the disk and the storage providers. */
export class MediaFiles {
  readonly #disk: FolderStore;
  readonly #storesOnDisk: boolean;
  readonly #providers: readonly Provider[];

  private constructor(disk: FolderStore, storesOnDisk: boolean, providers: readonly Provider[]) {
    this.#disk = disk;
    this.#storesOnDisk = storesOnDisk;
    this.#providers = providers;
  }

  static async open({ folder, storesOnDisk, providers }: MediaFilesOptions): Promise<MediaFiles> {
    const opened: Provider[] = [];
    for (const { place, storeLocal, storeRemote, storeSynchronous } of providers) {
      opened.push({
        store: await openStore(place),
        storeLocal,
        storeRemote,
        // What is nowhere else cannot come later.
        isSynchronous: storeSynchronous || !storesOnDisk,
      });
    }
    return new MediaFiles(new FolderStore(folder), storesOnDisk, opened);
  }

  /** Where a file on this machine's disk is, if it is kept there. */
  diskPathOf(key: string): string | undefined {
    return this.#storesOnDisk ? this.#disk.pathOf(key) : undefined;
  }

  /** Stores it where it must be at once; gives the names of the stores that are to get it later. */
  async put(
    key: string,
    file: { path: string; bytes: number; sha256: string },
    isLocal: boolean,
  ): Promise<string[]> {
    const later: string[] = [];
    const stores: FileStore[] = this.#storesOnDisk ? [this.#disk] : [];
    for (const { store, storeLocal, storeRemote, isSynchronous } of this.#providers) {
      if (!(isLocal ? storeLocal : storeRemote)) continue;
      if (isSynchronous) stores.push(store);
      else later.push(store.name);
    }
    if (stores.length === 0) throw new Error('the configuration leaves no place for this media');
    await Promise.all(stores.map((store) => store.put(key, file.path, file.bytes, file.sha256)));
    return later;
  }

  /** Copies a file from the disk to the store of that name. */
  async copy(key: string, storeName: string): Promise<void> {
    const provider = this.#providers.find(({ store }) => store.name === storeName);
    // A store that the operator has taken out of the configuration gets nothing any more.
    if (provider === undefined) return;
    const path = this.#disk.pathOf(key);
    // Nor is there a copy of a file that somebody has removed by hand.
    if (!existsSync(path)) return;
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of createReadStream(path)) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    await provider.store.put(key, path, bytes, hash.digest('hex'));
  }

  /** From the first place that has it; undefined if none has. */
  async open(key: string, range: ByteRange): Promise<AsyncIterable<Uint8Array> | undefined> {
    for (const store of this.#all()) {
      const chunks = await store.open(key, range);
      if (chunks !== undefined) return chunks;
    }
    return undefined;
  }

  /** From every place, also from those that would not get it today. */
  async remove(key: string): Promise<void> {
    for (const store of this.#all()) await store.remove(key);
  }

  *#all(): Generator<FileStore> {
    yield this.#disk;
    for (const { store } of this.#providers) yield store;
  }
}

async function openStore(place: StorageProviderConfig['place']): Promise<FileStore> {
  if (place.kind === 'folder') return new FolderStore(place.directory);
  // Loaded where it is used: with its HTTP client it takes as much memory as half of the rest of the program.
  const { S3Store } = await import('./s3-store.ts');
  return new S3Store(place);
}
