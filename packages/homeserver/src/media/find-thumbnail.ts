import type { MediaConfig } from '../config/config.ts';
import { MatrixError } from '../errors/matrix-error.ts';
import { findStoredMedia } from './find-media.ts';
import type { MediaWanted, StoredMedia } from './find-media.ts';
import { thumbnailPixelsMax } from './limits.ts';
import type { MediaRepository } from './media.ts';
import { contentKey, thumbnailKey } from './stores/file-store.ts';
import type { ThumbnailShape } from './stores/file-store.ts';
import { readThumbnail } from './thumbnail-store.ts';

/** A file that is served as a thumbnail. */
export interface FoundThumbnail {
  readonly media: StoredMedia;
  readonly key: string;
  readonly mediaType: string;
  readonly bytes: number;
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
    const thumbnail =
      (await readThumbnail(repository.database.reader, sha256, shape)) ??
      (await repository.thumbnails.make(repository, content, shape, origin === undefined));
    const { mediaType, bytes } = thumbnail;
    return bytes === undefined
      ? { media, key: contentKey(sha256), mediaType, bytes: content.bytes }
      : { media, key: thumbnailKey(sha256, shape), mediaType, bytes };
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
