import { write } from '../storage/database.ts';
import { removalsAtOnce, settledAtOnce } from './limits.ts';
import {
  cancelCopiesStatement,
  isContentInUse,
  readLooseEnds,
  settleLooseEndStatement,
} from './loose-ends-store.ts';
import type { MediaRepository } from './media.ts';
import { readExpired, removalStatements } from './removal-store.ts';
import { contentKey, thumbnailKey } from './stores/file-store.ts';
import { deleteThumbnailsStatement, readThumbnailShapes } from './thumbnail-store.ts';

/**
 * Deletes media: first the rows, so that it is gone for everybody at once, then the files that no other row needs,
 * from every store. A crash in between leaves loose ends, which the next start settles.
 */
export async function deleteMedia(
  repository: MediaRepository,
  mediaNids: readonly number[],
): Promise<string[]> {
  const deleted: string[] = [];
  for (let at = 0; at < mediaNids.length; at += removalsAtOnce) {
    const applied = await write(repository.database, {
      statements: removalStatements(mediaNids.slice(at, at + removalsAtOnce)),
      returning: [2],
      positions: 0,
    });
    deleted.push(...(applied.rows[0] ?? []).map((row) => String(row['media_id'])));
  }
  await settleLooseEnds(repository, new AbortController().signal);
  return deleted;
}

/** Reserved media IDs that were not filled in time. */
export async function deleteExpired(repository: MediaRepository): Promise<void> {
  const { database, now } = repository;
  for (;;) {
    const rows = await readExpired(database.reader, now(), removalsAtOnce);
    if (rows.length === 0) return;
    const statements = removalStatements(rows.map(({ media_nid: nid }) => nid));
    await write(database, { statements, positions: 0 });
  }
}

/** Removes the files of all loose ends that no row needs. */
export async function settleLooseEnds(
  repository: MediaRepository,
  signal: AbortSignal,
): Promise<void> {
  let last = '';
  for (;;) {
    const hashes = await readLooseEnds(repository.database.reader, last, removalsAtOnce);
    // Several at once, so that one commit takes the rows of many.
    for (let at = 0; at < hashes.length && !signal.aborted; at += settledAtOnce) {
      const some = hashes.slice(at, at + settledAtOnce);
      await Promise.all(
        some.map((sha256) => repository.contentLocks.run(sha256, () => settle(repository, sha256))),
      );
    }
    if (hashes.length < removalsAtOnce || signal.aborted) return;
    last = hashes.at(-1) ?? last;
  }
}

/** Under the content's lock: nobody stores the same meanwhile. */
async function settle({ database, files }: MediaRepository, sha256: string): Promise<void> {
  const statements = [settleLooseEndStatement(sha256)];
  if (!(await isContentInUse(database.reader, sha256))) {
    const key = contentKey(sha256);
    for (const shape of await readThumbnailShapes(database.reader, sha256)) {
      const thumbnail = thumbnailKey(sha256, shape);
      await files.remove(thumbnail);
      statements.push(cancelCopiesStatement(thumbnail));
    }
    await files.remove(key);
    statements.push(deleteThumbnailsStatement(sha256), cancelCopiesStatement(key));
  }
  await write(database, { statements, positions: 0 });
}
