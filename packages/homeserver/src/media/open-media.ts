import { join } from 'node:path';

import type { Config } from '../config/config.ts';
import type { Database } from '../storage/database.ts';
import type { InternedNames } from '../storage/names-store.ts';
import { NidBlocks } from '../storage/nid-blocks.ts';
import { Waits } from '../streams/waits.ts';
import type { Logger } from '../telemetry/logger.ts';
import { AccessTimes } from './access-times.ts';
import { Housekeeping } from './housekeeping.ts';
import { parseMxc } from './media-id.ts';
import type { FetchRemoteMedia, MediaRepository } from './media.ts';
import { NameLocks } from './name-locks.ts';
import { SharedDownloads } from './remote-download.ts';
import { MediaFiles } from './stores/media-files.ts';
import { TemporaryFiles } from './stores/temporary-files.ts';
import { ThumbnailQueue } from './thumbnail-queue.ts';

export interface MediaOptions {
  readonly database: Database;
  readonly names: InternedNames;
  readonly config: Pick<Config, 'media' | 'server' | 'singleSignOn'>;
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
  const remoteDownloads = new SharedDownloads();
  const thumbnails = new ThumbnailQueue();
  const housekeeping = new Housekeeping();
  const repository: MediaRepository = {
    database,
    names,
    serverName: config.server.serverName,
    config: config.media,
    logger,
    files: await MediaFiles.open({ folder: storePath, storesOnDisk, providers: storageProviders }),
    temporary: await TemporaryFiles.open(join(storePath, 'temporary')),
    mediaNids: new NidBlocks(database, 'media', BLOCK_SIZE),
    contentLocks: new NameLocks(),
    uploadWaits: new Waits(),
    accessTimes: new AccessTimes(database, logger),
    remoteDownloads,
    thumbnails,
    housekeeping,
    fetchRemote: options.fetchRemote,
    shownBeforeLogin: iconsIn(config),
    roomAvatars: options.roomAvatars ?? (() => Promise.resolve([])),
    now,
    async close() {
      remoteDownloads.close();
      await housekeeping.close();
      await thumbnails.close();
      await repository.accessTimes.close();
    },
  };
  housekeeping.start(repository);
  return repository;
}

function iconsIn({ server, singleSignOn }: MediaOptions['config']): ReadonlySet<string> {
  const icons = [...singleSignOn.oidcProviders, singleSignOn.cas].map((each) => each?.icon);
  const names = icons.map((icon) => parseMxc(icon));
  return new Set(
    names.flatMap((name) => (name?.serverName === server.serverName ? [name.mediaId] : [])),
  );
}
