import { join } from 'node:path';

import { insertAccountStatement } from '../../packages/homeserver/src/accounts/account-store.ts';
import { insertProfileStatement } from '../../packages/homeserver/src/accounts/profile-store.ts';
import { openStoppedDatabase } from '../../packages/homeserver/src/cli/open-stopped-database.ts';
import { putMembershipStatement } from '../../packages/homeserver/src/membership/membership-store.ts';
import { ChangeKind } from '../../packages/homeserver/src/storage/change.ts';
import { write } from '../../packages/homeserver/src/storage/database.ts';
import { internedNames } from '../../packages/homeserver/src/storage/names-store.ts';
import { positionAt } from '../../packages/homeserver/src/storage/sql.ts';

const peopleAtOnce = 500;

/** Adds accounts with these names to the database of a stopped server, each a member of the room by its row alone. */
export async function addPeople(
  folder: string,
  roomId: string,
  displayNames: readonly string[],
): Promise<void> {
  const { database, serverName, close } = await openStoppedDatabase(
    [join(folder, 'homeserver.yaml')],
    folder,
  );
  try {
    const names = internedNames(database, 1);
    const roomNid = await names.rooms.intern(roomId);
    for (let first = 0; first < displayNames.length; first += peopleAtOnce) {
      const some = displayNames.slice(first, first + peopleAtOnce);
      const nids = await Promise.all(
        some.map((_, index) => names.users.intern(`@person${first + index}:${serverName}`)),
      );
      const statements = nids.flatMap((userNid, index) => [
        insertAccountStatement({
          userNid,
          passwordHash: undefined,
          isAdmin: false,
          isGuest: false,
          userType: undefined,
          createdTs: Date.now(),
        }),
        insertProfileStatement(userNid, some[index]),
        putMembershipStatement({
          roomNid,
          userNid,
          membership: 'join',
          eventNid: 0,
          position: positionAt(0),
          isLocal: true,
          forgottenByLeaving: false,
          displayName: some[index] ?? null,
          avatarUrl: null,
          strippedState: null,
        }),
      ]);
      const touches = nids.map((subject) => ({ kind: ChangeKind.account, subject }));
      await write(database, { statements, touches, positions: 1 });
    }
  } finally {
    await close();
  }
}
