import type { Guard } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import type { Statement } from '../storage/sql.ts';
import {
  noteCopyStatement,
  noteLooseEndStatement,
  settleLooseEndStatement,
} from './loose-ends-store.ts';
import type { MediaRepository } from './media.ts';
import { contentKey } from './stores/file-store.ts';
import type { WrittenFile } from './stores/temporary-files.ts';

/**
 * Puts a file into its place and then the rows that name it, so that a crash leaves neither a row without its file
 * nor a file that nobody remembers. Gives the name of the guard that failed, or undefined when all is stored.
 */
export async function storeContent(
  repository: MediaRepository,
  file: WrittenFile,
  isLocal: boolean,
  rows: { readonly statements: readonly Statement[]; readonly guards: readonly Guard[] },
): Promise<string | undefined> {
  const { database, files, contentLocks, housekeeping } = repository;
  const { sha256 } = file;
  return contentLocks.run(sha256, async () => {
    await write(database, { statements: [noteLooseEndStatement(sha256)], positions: 0 });
    const key = contentKey(sha256);
    const later = await files.put(key, file, isLocal);
    const outcome = await database.submit({
      guards: rows.guards,
      statements: [
        ...rows.statements,
        ...later.map((store) => noteCopyStatement(key, store)),
        settleLooseEndStatement(sha256),
      ],
      positions: 0,
    }).done;
    if (outcome.outcome === 'refused') {
      housekeeping.wake();
      return outcome.guard;
    }
    if (later.length > 0) housekeeping.wake();
    return undefined;
  });
}
