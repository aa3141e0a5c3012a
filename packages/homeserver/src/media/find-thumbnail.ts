import type { MediaConfig } from '../config/config.ts';
import { MatrixError } from '../errors/matrix-error.ts';
import { findStoredMedia, openContent } from './find-media.ts';
import type { MediaWanted, StoredMedia } from './find-media.ts';
import { thumbnailPixelsMax } from './limits.ts';
import type { MediaRepository } from './media.ts';
import { contentKey, thumbnailKey } from './stores/file-store.ts';
import type { ByteRange, ThumbnailShape } from './stores/file-store.ts';
import { readThumbnail } from './thumbnail-store.ts';

/** A file that is served as a thumbnail. */
export interface FoundThumbnail {
  readonly media: StoredMedia;
  readonly key: string;
  readonly mediaType: string;
  readonly bytes: number;
  /** The bytes from `start` up to and without `end`; a file that was lost is made again. */
  open(range: ByteRange): Promise<AsyncIterable<Uint8Array>>;
}

/** The thumbnail that fits what is wanted, made now if nobody has wanted it before. */
export async function findThumbnail(
  repository: MediaRepository,
  wanted: MediaWanted,
  shapeWanted: ThumbnailShape,
): Promise<FoundThumbnail> {
  const media = await findStoredMedia(repository, wanted);
  const { content, origin } = media;
  const shape = chooseShape(repository.config, shapeWanted);
  try {
    const { sha256 } = content;
    const make = () => repository.thumbnails.make(repository, content, shape, origin === undefined);
    const thumbnail =
      (await readThumbnail(repository.database.reader, sha256, shape)) ?? (await make());
    const { mediaType, bytes } = thumbnail;
    const key = bytes === undefined ? contentKey(sha256) : thumbnailKey(sha256, shape);
    const open = async (range: ByteRange): Promise<AsyncIterable<Uint8Array>> => {
      const there = await repository.files.open(key, range);
      if (there === undefined) await make();
      else repository.accessTimes.note(media.nid, repository.now());
      return there ?? openContent(repository, key, media.nid, range);
    };
    return { media, key, mediaType, bytes: bytes ?? content.bytes, open };
  } catch (error) {
    // Client-server API, content repository, "Security considerations".
    if (origin !== undefined && error instanceof MatrixError && error.errcode === 'M_TOO_LARGE') {
      throw new MatrixError(502, 'M_TOO_LARGE', error.message);
    }
    throw error;
  }
}

/**
 * With `dynamic_thumbnails` the very size; else the smallest configured one that is large enough, preferably made
 * by the same method. Beyond all of them it is the picture in its own size: never a smaller one than asked for.
 */
export function chooseShape(config: MediaConfig, wanted: ThumbnailShape): ThumbnailShape {
  if (config.dynamicThumbnails) return wanted;
  const { isAnimated } = wanted;
  const enough = config.thumbnailSizes
    .filter(({ width, height }) => width >= wanted.width && height >= wanted.height)
    .sort((a, b) => a.width * a.height - b.width * b.height);
  const chosen = enough.find(({ method }) => method === wanted.method) ?? enough[0];
  if (chosen !== undefined) return { ...chosen, isAnimated };
  return {
    width: thumbnailPixelsMax,
    height: thumbnailPixelsMax,
    method: 'scale',
    isAnimated,
  };
}
