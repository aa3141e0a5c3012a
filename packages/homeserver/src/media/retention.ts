import { deleteMedia } from './delete-media.ts';
import { removalsAtOnce } from './limits.ts';
import { mxcOf } from './media-id.ts';
import type { MediaRepository } from './media.ts';
import { readAvatars, readIdleOwn, readIdleRemote } from './removal-store.ts';
import type { Removable } from './removal-store.ts';

/** `media_retention`: what was not read for its lifetime goes. */
export async function applyRetention(
  repository: MediaRepository,
  signal: AbortSignal,
): Promise<void> {
  const { localLifetimeMs, remoteLifetimeMs } = repository.config.retention;
  if (remoteLifetimeMs !== undefined && !signal.aborted) {
    await deleteIdleRemote(repository, repository.now() - remoteLifetimeMs, false);
  }
  if (localLifetimeMs !== undefined && !signal.aborted) {
    const beforeTs = repository.now() - localLifetimeMs;
    await deleteIdleOwn(repository, { beforeTs, bytesAbove: -1, keepsAvatars: true });
  }
}

export interface IdleOwn {
  /** Last read before it. */
  readonly beforeTs: number;
  /** Larger than that. */
  readonly bytesAbove: number;
  /** Whether the pictures of users and rooms stay. */
  readonly keepsAvatars: boolean;
}

/** Deletes this server's own media that was not read for long; what is quarantined or protected stays. */
export async function deleteIdleOwn(
  repository: MediaRepository,
  { beforeTs, bytesAbove, keepsAvatars }: IdleOwn,
): Promise<string[]> {
  const { database, serverName, accessTimes } = repository;
  await accessTimes.flush();
  const kept = new Set(keepsAvatars ? await avatarsInUse(repository) : []);
  return deletePages(
    repository,
    (afterNid) =>
      readIdleOwn(database.reader, { beforeTs, afterNid, limit: removalsAtOnce }, bytesAbove),
    ({ media_id: mediaId }) => !kept.has(mxcOf({ serverName, mediaId })),
  );
}

/** Deletes what was fetched from other servers and not read for long. */
export async function deleteIdleRemote(
  repository: MediaRepository,
  beforeTs: number,
  includesQuarantined: boolean,
): Promise<string[]> {
  const { database, accessTimes } = repository;
  await accessTimes.flush();
  return deletePages(
    repository,
    (afterNid) =>
      readIdleRemote(
        database.reader,
        { beforeTs, afterNid, limit: removalsAtOnce },
        includesQuarantined,
      ),
    () => true,
  );
}

async function avatarsInUse({ database, roomAvatars }: MediaRepository): Promise<string[]> {
  return [...(await readAvatars(database.reader)), ...(await roomAvatars())];
}

async function deletePages(
  repository: MediaRepository,
  readPage: (afterNid: number) => Promise<Removable[]>,
  mayGo: (row: Removable) => boolean,
): Promise<string[]> {
  const deleted: string[] = [];
  for (let afterNid = 0; ;) {
    const rows = await readPage(afterNid);
    const nids = rows.filter(mayGo).map(({ media_nid: nid }) => nid);
    deleted.push(...(await deleteMedia(repository, nids)));
    if (rows.length < removalsAtOnce) return deleted;
    afterNid = rows.at(-1)?.media_nid ?? afterNid;
  }
}
