import type { MediaConfig } from '../config/config.ts';
import type { Database } from '../storage/database.ts';
import type { InternedNames } from '../storage/names-store.ts';
import type { NidBlocks } from '../storage/nid-blocks.ts';
import type { Waits } from '../streams/waits.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { AccessTimes } from './access-times.ts';
import type { MediaName } from './media-id.ts';
import type { MediaContent } from './media-store.ts';
import type { NameLocks } from './name-locks.ts';
import type { ThumbnailShape } from './stores/file-store.ts';
import type { MediaFiles } from './stores/media-files.ts';
import type { TemporaryFiles } from './stores/temporary-files.ts';
import type { Thumbnail } from './thumbnail-store.ts';

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

/** A fetch that is under way: its readers follow it at their own pace. */
export interface RemoteDownload {
  readonly mediaType: string;
  readonly uploadName: string | undefined;
  /** Resolves once the media is stored; rejects with what the readers are told. */
  readonly finished: Promise<void>;
  /** The bytes as they arrive. */
  chunks(): AsyncIterable<Uint8Array>;
}

export interface RemoteWanted extends MediaName {
  /** Counts bytes that are fetched; throws M_LIMIT_EXCEEDED. */
  readonly countRemoteBytes: (bytes: number) => void;
}

/** The fetches that are under way: whoever wants the same media shares one. */
export interface RemoteDownloads {
  /** Resolves once the other server has begun to answer. */
  join(
    repository: MediaRepository,
    wanted: RemoteWanted,
    fetchRemote: FetchRemoteMedia,
  ): Promise<RemoteDownload>;
}

/** Makes thumbnails, few at a time; whoever wants the same one shares the work. */
export interface Thumbnails {
  /** Makes and stores one. Throws 400 and 413 for what none can be made of, M_LIMIT_EXCEEDED when too many wait. */
  make(
    repository: MediaRepository,
    content: MediaContent,
    shape: ThumbnailShape,
    isLocal: boolean,
  ): Promise<Thumbnail>;
  /** The configured sizes of something that was just stored, in the background; what fails is made when asked for. */
  makeInAdvance(
    repository: MediaRepository,
    content: MediaContent,
    mediaType: string,
    isLocal: boolean,
  ): void;
}

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
  /** By media ID, for what is reserved and not uploaded yet. */
  readonly uploadWaits: Waits<string>;
  readonly accessTimes: AccessTimes;
  readonly remoteDownloads: RemoteDownloads;
  readonly thumbnails: Thumbnails;
  /** The work in the background: `wake` says that there is something to do. */
  readonly housekeeping: { wake(): void };
  /** Undefined where this server asks no other. */
  readonly fetchRemote: FetchRemoteMedia | undefined;
  /** IDs of this server's media that clients show before anybody is logged in: the icons of identity providers. */
  readonly shownBeforeLogin: ReadonlySet<string>;
  /** The `mxc://` URIs that rooms show as their picture. */
  roomAvatars(): Promise<readonly string[]>;
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Ends the work in the background; to be called before the database is closed. */
  close(): Promise<void>;
}
