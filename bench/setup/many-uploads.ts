import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { insertProfileStatement } from '../../packages/homeserver/src/accounts/profile-store.ts';
import { openStoppedDatabase } from '../../packages/homeserver/src/cli/open-stopped-database.ts';
import { insertMediaStatements } from '../../packages/homeserver/src/media/media-store.ts';
import { write } from '../../packages/homeserver/src/storage/database.ts';
import { internedNames } from '../../packages/homeserver/src/storage/names-store.ts';

const rowsAtOnce = 2_000;
const usersAtOnce = 500;
const yearMs = 365 * 86_400_000;
/** Above all that the server has given out. */
const firstNid = 10_000_000;

/** Writes rows of uploads, spread over users and a year, into the database of a stopped server. */
export async function makeUploads(
  folder: string,
  userCount: number,
  uploadCount: number,
): Promise<void> {
  const { database, serverName, close } = await openStoppedDatabase(
    [join(folder, 'homeserver.yaml')],
    folder,
  );
  try {
    const names = internedNames(database, 1);
    const userNids: number[] = [];
    while (userNids.length < userCount) {
      const some = Array.from({ length: usersAtOnce }, (_, index) =>
        names.users.intern(`@uploader${userNids.length + index}:${serverName}`),
      );
      const nids = await Promise.all(some);
      const statements = nids.map((nid) => insertProfileStatement(nid, `Uploader ${nid}`));
      await write(database, { statements, positions: 0 });
      userNids.push(...nids);
    }
    const nowMs = Date.now();
    for (let made = 0; made < uploadCount; made += rowsAtOnce) {
      const statements = Array.from({ length: rowsAtOnce }, (_, index) => {
        const number = made + index;
        return insertMediaStatements({
          nid: firstNid + number,
          origin: '',
          mediaId: `bench${number}`,
          userNid: userNids[number % userCount],
          content: { sha256: randomBytes(32).toString('hex'), bytes: 1_000 + (number % 9_999) },
          mediaType: 'image/jpeg',
          uploadName: undefined,
          nowMs: nowMs - Math.floor((number / uploadCount) * yearMs),
          isAuthenticated: true,
        });
      });
      await write(database, { statements: statements.flat(), positions: 0 });
    }
  } finally {
    await close();
  }
}
