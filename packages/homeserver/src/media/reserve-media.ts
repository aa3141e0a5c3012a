import { forbidden, limitExceeded, notFound } from '../errors/matrix-error.ts';
import { newMediaId } from './media-id.ts';
import { hasFewerPending, insertPendingStatement, OWN, readMedia } from './media-store.ts';
import type { Media } from './media-store.ts';
import type { MediaRepository } from './media.ts';
import { cannotOverwrite } from './upload-media.ts';

export interface ReservedMedia {
  readonly mediaId: string;
  readonly expiresTs: number;
}

/** Reserves a media ID for a later upload. Throws M_LIMIT_EXCEEDED for a user with too many of them. */
export async function reserveMedia(
  { database, config, mediaNids, now }: MediaRepository,
  userNid: number,
): Promise<ReservedMedia> {
  const nowMs = now();
  const mediaId = newMediaId();
  const expiresTs = nowMs + config.unusedExpiryMs;
  const pending = {
    nid: await mediaNids.next(),
    mediaId,
    userNid,
    nowMs,
    expiresTs,
    isAuthenticated: config.isAuthenticated,
  };
  const outcome = await database.submit({
    guards: [hasFewerPending(userNid, nowMs, config.pendingUploadsMax)],
    statements: [insertPendingStatement(pending)],
    positions: 0,
  }).done;
  if (outcome.outcome === 'refused') throw limitExceeded();
  return { mediaId, expiresTs };
}

/** The media ID that the user reserved. Throws the refusals of the spec's `PUT /upload`. */
export async function findReserved(
  { database, serverName, now }: MediaRepository,
  userNid: number,
  name: { readonly serverName: string; readonly mediaId: string },
): Promise<Media> {
  const isOwn = name.serverName === serverName;
  const media = isOwn ? await readMedia(database.reader, OWN, name.mediaId) : undefined;
  if (media === undefined) throw notFound('Unknown media ID');
  if (media.userNid !== userNid) throw forbidden('Another user has reserved this media ID');
  if (media.content !== undefined) throw cannotOverwrite();
  if ((media.expiresTs ?? 0) <= now()) throw notFound('The media ID has expired');
  return media;
}
