import { rm } from 'node:fs/promises';

import { notFound } from '../errors/matrix-error.ts';
import { write } from '../storage/database.ts';
import { isContentInUse, noteCopyStatement } from './loose-ends-store.ts';
import { makeThumbnail } from './make-thumbnail.ts';
import type { MadeThumbnail } from './make-thumbnail.ts';
import type { MediaContent } from './media-store.ts';
import type { MediaRepository } from './media.ts';
import { contentKey, thumbnailKey } from './stores/file-store.ts';
import type { ThumbnailShape } from './stores/file-store.ts';
import { openIfThere } from './stores/folder-store.ts';
import { beginThumbnailStatement, finishThumbnailStatement } from './thumbnail-store.ts';
import type { Thumbnail } from './thumbnail-store.ts';

/** Runs something that takes a processor for a while when it is its turn. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** Makes a thumbnail of stored content and stores it, unless the picture is small enough as it is. */
export async function storeThumbnail(
  repository: MediaRepository,
  content: MediaContent,
  shape: ThumbnailShape,
  isLocal: boolean,
  inTurn: InTurn,
): Promise<Thumbnail> {
  const { config } = repository;
  // Only the making: while one is written to the disk, the next is being made.
  const made = await inTurn(() =>
    withLocalFile(repository, content, (path) => makeThumbnail(path, shape, config.imagePixelsMax)),
  );
  const { sha256 } = content;
  return repository.contentLocks.run(sha256, async () => {
    const { database } = repository;
    if (!(await isContentInUse(database.reader, sha256))) throw notFound('No such media');
    const begun = beginThumbnailStatement(sha256, shape);
    await write(database, { statements: [begun], positions: 0 });
    const key = thumbnailKey(sha256, shape);
    const later = await putImage(repository, key, made, isLocal);
    const thumbnail = { mediaType: made.mediaType, bytes: made.image?.length };
    await write(database, {
      statements: [
        finishThumbnailStatement(sha256, shape, thumbnail),
        ...later.map((store) => noteCopyStatement(key, store)),
      ],
      positions: 0,
    });
    if (later.length > 0) repository.housekeeping.wake();
    return thumbnail;
  });
}

async function putImage(
  { temporary, files }: MediaRepository,
  key: string,
  { image }: MadeThumbnail,
  isLocal: boolean,
): Promise<string[]> {
  if (image === undefined) return [];
  const file = await temporary.write(only(image), () => undefined);
  try {
    return await files.put(key, file, isLocal);
  } finally {
    await rm(file.path, { force: true });
  }
}

async function* only(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}

/** Reads from the disk, or from a copy where the content lies elsewhere. */
async function withLocalFile<T>(
  { files, temporary }: MediaRepository,
  { sha256, bytes }: MediaContent,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const key = contentKey(sha256);
  const path = files.diskPathOf(key);
  const file = path === undefined ? undefined : await openIfThere(path);
  await file?.close();
  if (path !== undefined && file !== undefined) return use(path);
  const chunks = await files.open(key, { start: 0, end: bytes });
  if (chunks === undefined) throw notFound('The file of this media is missing');
  const copy = await temporary.write(chunks, () => undefined);
  try {
    return await use(copy.path);
  } finally {
    await rm(copy.path, { force: true });
  }
}
