import { write } from '../storage/database.ts';
import { removalsAtOnce } from './limits.ts';
import { readCopiesDue, settleCopyStatement } from './loose-ends-store.ts';
import type { CopyDue } from './loose-ends-store.ts';
import type { MediaRepository } from './media.ts';
import { sha256OfKey } from './stores/file-store.ts';

/**
 * Copies what storage providers are to get after the upload was answered. One that fails is left alone for now: its
 * files are due the next time.
 */
export async function copyToStores(
  repository: MediaRepository,
  signal: AbortSignal,
): Promise<void> {
  const failed = new Set<string>();
  for (let last = ''; ;) {
    const due = await readCopiesDue(repository.database.reader, last, removalsAtOnce);
    for (const copy of due) {
      if (signal.aborted) return;
      if (failed.has(copy.store)) continue;
      try {
        await copyOne(repository, copy);
      } catch (error) {
        failed.add(copy.store);
        repository.logger.warn({ err: error, store: copy.store }, 'a copy of media failed');
      }
    }
    if (due.length < removalsAtOnce) return;
    last = due.at(-1)?.file_key ?? last;
  }
}

function copyOne({ database, files, contentLocks }: MediaRepository, copy: CopyDue): Promise<void> {
  return contentLocks.run(sha256OfKey(copy.file_key), async () => {
    await files.copy(copy.file_key, copy.store);
    await write(database, { statements: [settleCopyStatement(copy)], positions: 0 });
  });
}
