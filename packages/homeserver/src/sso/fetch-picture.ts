import { createHash } from 'node:crypto';

import { readProfile } from '../accounts/profile-store.ts';
import { MatrixError } from '../errors/matrix-error.ts';
import { mxcOf, parseMxc } from '../media/media-id.ts';
import { OWN, readMedia } from '../media/media-store.ts';
import type { MediaRepository } from '../media/media.ts';
import { uploadMedia } from '../media/upload-media.ts';
import type { OutboundClient } from '../outbound/outbound-client.ts';
import { OutboundError } from '../outbound/outbound-error.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { FetchedPicture } from './single-sign-on.ts';

const PICTURE = /^image\/(?:png|jpeg|gif|webp|avif)\b/;

export interface PictureParts {
  readonly media: MediaRepository;
  /** With the guards for addresses that somebody outside has chosen: a user may write this one. */
  readonly http: OutboundClient;
  readonly logger: Logger;
}

/** Uploads the picture at an address for a user, unless the user has it. A login does not fail for its sake. */
export async function fetchPicture(
  { media, http, logger }: PictureParts,
  userNid: number,
  url: string,
): Promise<FetchedPicture | undefined> {
  try {
    const answer = await http.request({ url, headers: { accept: 'image/*' } });
    const mediaType = answer.header('content-type') ?? '';
    if (answer.status !== 200 || !PICTURE.test(mediaType)) {
      answer.body.discard();
      logger.info({ status: answer.status, mediaType }, 'an identity provider has no picture');
      return undefined;
    }
    const bytes = await answer.body.bytes();
    if (await isShown(media, userNid, bytes)) return { avatarUrl: undefined };
    const mediaId = await uploadMedia(media, {
      userNid,
      chunks: oneChunk(bytes),
      bytesDeclared: bytes.length,
      mediaType,
      uploadName: undefined,
    });
    return { avatarUrl: mxcOf({ serverName: media.serverName, mediaId }) };
  } catch (error) {
    if (!(error instanceof OutboundError || error instanceof MatrixError)) throw error;
    logger.info({ err: error }, 'a picture of an identity provider could not be taken over');
    return undefined;
  }
}

async function isShown(media: MediaRepository, userNid: number, bytes: Buffer): Promise<boolean> {
  const { reader } = media.database;
  const name = parseMxc((await readProfile(reader, userNid))?.avatarUrl);
  if (name?.serverName !== media.serverName) return false;
  const shown = await readMedia(reader, OWN, name.mediaId);
  return shown?.content?.sha256 === createHash('sha256').update(bytes).digest('hex');
}

async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
