import { parseServerName } from '@soma/protocol';

import { MatrixError, notFound } from '../errors/matrix-error.ts';
import { uploadWaitMsMax } from './limits.ts';
import { isMediaId } from './media-id.ts';
import { OWN, readMedia } from './media-store.ts';
import type { Media, MediaContent } from './media-store.ts';
import type { MediaRepository, RemoteDownload } from './media.ts';

/** Who asks for media, and how. */
export interface MediaWanted {
  readonly serverName: string;
  readonly mediaId: string;
  /** `frozen`: through an endpoint that wants no token. `server`: another server asks for what is ours. */
  readonly asker: 'user' | 'frozen' | 'server';
  readonly allowRemote: boolean;
  /** How long to wait for what is reserved and not uploaded yet. */
  readonly timeoutMs: number;
  readonly seesQuarantined: boolean;
  readonly signal: AbortSignal;
  /** Counts bytes that are fetched from another server; throws M_LIMIT_EXCEEDED. */
  readonly countRemoteBytes: (bytes: number) => void;
}

/** Media with its content. */
export type StoredMedia = Media & { readonly content: MediaContent };

/**
 * The media that is wanted, or the fetch of it that is under way. Throws 404 M_NOT_FOUND for what the asker may not
 * have, too, and 504 M_NOT_YET_UPLOADED.
 */
export async function findMedia(
  repository: MediaRepository,
  wanted: MediaWanted,
): Promise<StoredMedia | RemoteDownload> {
  const { database, serverName: ownName, config, remoteDownloads } = repository;
  const { serverName, mediaId, asker } = wanted;
  if (parseServerName(serverName) === undefined || !isMediaId(mediaId)) throw noSuchMedia();
  if (serverName === ownName)
    return mayHave(repository, await uploaded(repository, wanted), wanted);
  if (asker === 'server' || config.blockedServers.includes(serverName)) throw noSuchMedia();
  const cached = await readMedia(database.reader, serverName, mediaId);
  if (cached !== undefined) return mayHave(repository, cached, wanted);
  // What is cached from now on is not for the frozen endpoints, so for them it need not be fetched.
  const isFrozen = asker === 'frozen' && config.isAuthenticated;
  if (!wanted.allowRemote || isFrozen || repository.fetchRemote === undefined) throw noSuchMedia();
  return remoteDownloads.join(repository, wanted, repository.fetchRemote);
}

/** The same, once a fetch has ended. */
export async function findStoredMedia(
  repository: MediaRepository,
  wanted: MediaWanted,
): Promise<StoredMedia> {
  const found = await findMedia(repository, wanted);
  if (!('finished' in found)) return found;
  await found.finished;
  const { serverName, mediaId } = wanted;
  const { reader } = repository.database;
  return mayHave(repository, await readMedia(reader, serverName, mediaId), wanted);
}

/** The bytes of stored media, from `start` up to and without `end`. */
export async function openContent(
  { files, accessTimes, now }: MediaRepository,
  key: string,
  mediaNid: number,
  range: { readonly start: number; readonly end: number },
): Promise<AsyncIterable<Uint8Array>> {
  const chunks = await files.open(key, range);
  if (chunks === undefined) throw notFound('The file of this media is missing');
  accessTimes.note(mediaNid, now());
  return chunks;
}

function noSuchMedia(): MatrixError {
  return notFound('No such media');
}

function mayHave(
  { shownBeforeLogin }: MediaRepository,
  media: Media | undefined,
  { asker, seesQuarantined }: MediaWanted,
): StoredMedia {
  if (media?.content === undefined) throw noSuchMedia();
  if (media.quarantinedBy !== undefined && !seesQuarantined) throw noSuchMedia();
  const isPublic = media.origin === undefined && shownBeforeLogin.has(media.mediaId);
  if (media.isAuthenticated && asker === 'frozen' && !isPublic) throw noSuchMedia();
  return { ...media, content: media.content };
}

/** This server's own, waiting for what is reserved. */
async function uploaded(
  { database, uploadWaits, now }: MediaRepository,
  { mediaId, timeoutMs, signal }: MediaWanted,
): Promise<Media | undefined> {
  const read = () => readMedia(database.reader, OWN, mediaId);
  const media = await read();
  if (media === undefined || media.content !== undefined) return media;
  if ((media.expiresTs ?? 0) <= now()) return undefined;
  const waited = uploadWaits.wait(mediaId, Math.min(timeoutMs, uploadWaitMsMax), { signal });
  // It may have come between the look and the wait.
  if ((await read())?.content !== undefined) uploadWaits.tell(mediaId);
  await waited;
  const after = await read();
  if (after === undefined || after.content !== undefined) return after;
  throw new MatrixError(504, 'M_NOT_YET_UPLOADED', 'The media has not been uploaded yet');
}
