import { rm } from 'node:fs/promises';

import { forbidden, MatrixError, tooLarge } from '../errors/matrix-error.ts';
import type { Guard } from '../storage/change.ts';
import { mediaTypeLengthMax, uploadNameLengthMax } from './limits.ts';
import { newMediaId } from './media-id.ts';
import {
  fillMediaStatements,
  insertMediaStatements,
  isStillPending,
  OWN,
  staysWithin,
} from './media-store.ts';
import type { Media, NewMedia } from './media-store.ts';
import type { MediaRepository } from './media.ts';
import { storeContent } from './store-content.ts';
import type { WrittenFile } from './stores/temporary-files.ts';

/** What comes with a request to upload. */
export interface Upload {
  readonly userNid: number;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** As declared by the request; undefined if it does not say. */
  readonly bytesDeclared: number | undefined;
  readonly mediaType: string | undefined;
  readonly uploadName: string | undefined;
}

/** Stores a new piece of media and gives its ID. */
export async function uploadMedia(repository: MediaRepository, upload: Upload): Promise<string> {
  const nid = await repository.mediaNids.next();
  const mediaId = newMediaId();
  await receive(repository, upload, async (file) => {
    const media = newMedia(repository, upload, file, { nid, mediaId });
    const guards = uploadGuards(repository, upload.userNid, file.bytes);
    const failed = await storeContent(repository, file, true, {
      statements: insertMediaStatements(media),
      guards,
    });
    if (failed !== undefined) throw overLimit();
    repository.thumbnails.makeInAdvance(repository, media.content, media.mediaType, true);
  });
  return mediaId;
}

/** Stores the content of a media ID that was reserved before. */
export async function fillMedia(
  repository: MediaRepository,
  reserved: Media,
  upload: Upload,
): Promise<void> {
  const { nid, mediaId } = reserved;
  await receive(repository, upload, async (file) => {
    const media = newMedia(repository, upload, file, { nid, mediaId });
    const failed = await storeContent(repository, file, true, {
      statements: fillMediaStatements(media),
      guards: [
        isStillPending(nid, media.nowMs),
        ...uploadGuards(repository, upload.userNid, file.bytes),
      ],
    });
    if (failed === 'pending') throw cannotOverwrite();
    if (failed !== undefined) throw overLimit();
    repository.uploadWaits.tell(mediaId);
    repository.thumbnails.makeInAdvance(repository, media.content, media.mediaType, true);
  });
}

export function cannotOverwrite(): MatrixError {
  return new MatrixError(409, 'M_CANNOT_OVERWRITE_MEDIA', 'Something has been uploaded there');
}

/** Takes the bytes in, hands the file on, and removes what is left of it. */
async function receive(
  repository: MediaRepository,
  upload: Upload,
  store: (file: WrittenFile) => Promise<void>,
): Promise<void> {
  const { bytesDeclared, chunks } = upload;
  if (bytesDeclared !== undefined) {
    checkSize(repository, bytesDeclared);
    await checkLimits(repository, upload.userNid, bytesDeclared);
  }
  const file = await repository.temporary.write(chunks, (bytes) => checkSize(repository, bytes));
  try {
    await store(file);
  } finally {
    await rm(file.path, { force: true });
  }
}

function checkSize({ config }: MediaRepository, bytes: number): void {
  if (bytes > config.uploadBytesMax) {
    throw tooLarge(`The file is larger than ${config.uploadBytesMax} bytes`);
  }
}

/** Refuses what is over the user's limits before its bytes are taken in; the guards decide. */
async function checkLimits(
  repository: MediaRepository,
  userNid: number,
  bytes: number,
): Promise<void> {
  for (const { check } of uploadGuards(repository, userNid, bytes)) {
    const params = check.params.map(Number);
    const row = await repository.database.reader.get(check.query, ...params);
    if (row === undefined) throw overLimit();
  }
}

function uploadGuards({ config, now }: MediaRepository, userNid: number, bytes: number): Guard[] {
  return config.uploadLimits.map(({ timePeriodMs, bytesMax }) =>
    staysWithin(userNid, now() - timePeriodMs, bytes, bytesMax),
  );
}

function overLimit(): MatrixError {
  return forbidden('You have uploaded as much as this server allows; try again later');
}

function newMedia(
  { config, now }: MediaRepository,
  { userNid, mediaType, uploadName }: Upload,
  { sha256, bytes }: WrittenFile,
  { nid, mediaId }: { nid: number; mediaId: string },
): NewMedia {
  return {
    nid,
    origin: OWN,
    mediaId,
    userNid,
    content: { sha256, bytes },
    mediaType: soundMediaType(mediaType),
    uploadName: uploadName?.slice(0, uploadNameLengthMax),
    nowMs: now(),
    isAuthenticated: config.isAuthenticated,
  };
}

/** What can stand in a header, or the type of which nothing is known. */
export function soundMediaType(given: string | undefined): string {
  const isSound =
    given !== undefined &&
    given.length <= mediaTypeLengthMax &&
    /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+[\x20-\x7e]*$/.test(given);
  return isSound ? given : 'application/octet-stream';
}
