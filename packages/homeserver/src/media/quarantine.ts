import { write } from '../storage/database.ts';
import { removalsAtOnce } from './limits.ts';
import type { MediaName } from './media-id.ts';
import type { MediaRepository } from './media.ts';
import {
  findMediaNid,
  protectStatement,
  quarantineStatements,
  readNidsOfUser,
  releaseStatements,
} from './quarantine-store.ts';

/** Quarantines those that are stored here and not protected, with all that has the same bytes. Gives how many changed. */
export async function quarantineMedia(
  repository: MediaRepository,
  names: Iterable<MediaName>,
  by: string,
): Promise<number> {
  const nids: number[] = [];
  for (const name of names) {
    const nid = await findMediaNid(
      repository.database.reader,
      originOf(repository, name),
      name.mediaId,
    );
    if (nid !== undefined) nids.push(nid);
  }
  return quarantine(repository, nids, by);
}

/** Quarantines all that the user has uploaded. */
export async function quarantineMediaOfUser(
  repository: MediaRepository,
  userNid: number,
  by: string,
): Promise<number> {
  return quarantine(repository, await readNidsOfUser(repository.database.reader, userNid), by);
}

/** Ends the quarantine of the media and of all that has the same bytes. */
export async function unquarantineMedia(
  repository: MediaRepository,
  name: MediaName,
): Promise<void> {
  const statements = releaseStatements(originOf(repository, name), name.mediaId);
  await write(repository.database, { statements, positions: 1 });
}

/** Protects this server's own media from a later quarantine, or no longer. */
export async function protectMedia(
  { database }: MediaRepository,
  mediaId: string,
  isProtected: boolean,
): Promise<void> {
  const statements = [protectStatement(mediaId, isProtected)];
  await write(database, { statements, positions: 0 });
}

/** Undefined for this server's own. */
export function originOf(
  { serverName: ownName }: MediaRepository,
  { serverName }: MediaName,
): string | undefined {
  return serverName === ownName ? undefined : serverName;
}

async function quarantine(
  { database }: MediaRepository,
  nids: readonly number[],
  by: string,
): Promise<number> {
  let changed = 0;
  for (let at = 0; at < nids.length; at += removalsAtOnce) {
    const applied = await write(database, {
      statements: quarantineStatements(nids.slice(at, at + removalsAtOnce), by),
      returning: [1],
      positions: 1,
    });
    changed += applied.rows[0]?.length ?? 0;
  }
  return changed;
}
