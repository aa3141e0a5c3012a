import { write } from '../storage/database.ts';
import { removalsAtOnce } from './limits.ts';
import { readCopiesDue, settleCopyStatement } from './loose-ends-store.ts';
import type { MediaRepository } from './media.ts';
import { sha256OfKey } from './stores/file-store.ts';

/** Copies what storage providers are to get after the upload was answered. */
export async function copyToStores(
  repository: MediaRepository,
  signal: AbortSignal,
): Promise<void> {
  const { database, files, contentLocks } = repository;
  for (;;) {
    const due = await readCopiesDue(database.reader, removalsAtOnce);
    for (const copy of due) {
      if (signal.aborted) return;
      await contentLocks.run(sha256OfKey(copy.file_key), async () => {
        await files.copy(copy.file_key, copy.store);
        await write(database, { statements: [settleCopyStatement(copy)], positions: 0 });
      });
    }
    if (due.length < removalsAtOnce) return;
  }
}
