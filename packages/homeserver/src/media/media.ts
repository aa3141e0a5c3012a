import { join } from 'node:path';

import type { Config, MediaConfig } from '../config/config.ts';
import type { Database } from '../storage/database.ts';
import type { InternedNames } from '../storage/names-store.ts';
import { NidBlocks } from '../storage/nid-blocks.ts';
import type { Logger } from '../telemetry/logger.ts';
import { AccessTimes } from './access-times.ts';
import { Housekeeping } from './housekeeping.ts';
import { NameLocks } from './name-locks.ts';
import { RemoteDownloads } from './remote-download.ts';
import { MediaFiles } from './stores/media-files.ts';
import { TemporaryFiles } from './stores/temporary-files.ts';
import { ThumbnailQueue } from './thumbnail-queue.ts';
import { UploadWaits } from './upload-waits.ts';

/** What another server answers for media of its own. */
export interface RemoteMedia {
  readonly contentType: string | undefined;
  readonly contentDisposition: string | undefined;
  /** Undefined if the server does not say. */
  readonly bytes: number | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Fetches media from the server that it belongs to. Throws a MatrixError: 404 M_NOT_FOUND if it has no such media,
 * 502 if it cannot be asked. `signal` ends it, also in the middle of the chunks.
 */
export type FetchRemoteMedia = (
  serverName: string,
  mediaId: string,
  signal: AbortSignal,
) => Promise<RemoteMedia>;

/** What the domain of media works with; one per process, made at composition. */
export interface MediaRepository {
  readonly database: Database;
  readonly names: InternedNames;
  readonly serverName: string;
  readonly config: MediaConfig;
  readonly logger: Logger;
  readonly files: MediaFiles;
  readonly temporary: TemporaryFiles;
  readonly mediaNids: NidBlocks;
  /** By content hash: storing and removing one file, one after the other. */
  readonly contentLocks: NameLocks;
  readonly uploadWaits: UploadWaits;
  readonly accessTimes: AccessTimes;
  readonly remoteDownloads: RemoteDownloads;
  readonly thumbnails: ThumbnailQueue;
  readonly housekeeping: Housekeeping;
  /** Undefined where this server asks no other. */
  readonly fetchRemote: FetchRemoteMedia | undefined;
  /** The `mxc://` URIs that rooms show as their picture. */
  roomAvatars(): Promise<readonly string[]>;
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Ends the work in the background; to be called before the database is closed. */
  close(): Promise<void>;
}

export interface MediaOptions {
  readonly database: Database;
  readonly names: InternedNames;
  readonly config: Pick<Config, 'media' | 'server'>;
  readonly logger: Logger;
  readonly now: () => number;
  readonly fetchRemote?: FetchRemoteMedia | undefined;
  readonly roomAvatars?: () => Promise<readonly string[]>;
}

const BLOCK_SIZE = 100;

/** Opens the media repository. What a crash left behind is cleared away in the background. */
export async function openMedia(options: MediaOptions): Promise<MediaRepository> {
  const { database, names, config, logger, now } = options;
  const { storePath, storesOnDisk, storageProviders } = config.media;
  const repository: MediaRepository = {
    database,
    names,
    serverName: config.server.serverName,
    config: config.media,
    logger,
    files: new MediaFiles({ folder: storePath, storesOnDisk, providers: storageProviders }),
    temporary: await TemporaryFiles.open(join(storePath, 'temporary')),
    mediaNids: new NidBlocks(database, 'media', BLOCK_SIZE),
    contentLocks: new NameLocks(),
    uploadWaits: new UploadWaits(),
    accessTimes: new AccessTimes(database, logger),
    remoteDownloads: new RemoteDownloads(),
    thumbnails: new ThumbnailQueue(),
    housekeeping: new Housekeeping(),
    fetchRemote: options.fetchRemote,
    roomAvatars: options.roomAvatars ?? (() => Promise.resolve([])),
    now,
    async close() {
      repository.remoteDownloads.close();
      await repository.housekeeping.close();
      await repository.thumbnails.close();
      await repository.accessTimes.close();
    },
  };
  repository.housekeeping.start(repository);
  return repository;
}
