import { join } from 'node:path';

import { pino } from 'pino';

import { loadConfig } from '../../packages/homeserver/src/config/load-config.ts';
import { openServices } from '../../packages/homeserver/src/open-services.ts';
import { writeToRoom } from '../../packages/homeserver/src/rooms/room-write.ts';

/** Room IDs, and who of other servers is to be in them. */
export type MembersElsewhere = readonly (readonly [roomId: string, userId: string])[];

/**
 * Writes joins of users of other servers into the database of a server that does not run, as if they had come from
 * there: for tests of what needs such members, whichever way these have come.
 */
export async function addMembersElsewhere(
  server: { readonly folder: string },
  members: MembersElsewhere,
): Promise<void> {
  const { config } = loadConfig({ files: [join(server.folder, 'homeserver.yaml')] });
  const { services, close } = await openServices(config, pino({ level: 'silent' }));
  try {
    for (const [roomId, userId] of members) {
      const roomNid = await services.rooms.names.rooms.intern(roomId);
      await writeToRoom(services.rooms, roomNid, (write) =>
        write.append({
          type: 'm.room.member',
          stateKey: userId,
          sender: userId,
          content: { membership: 'join' },
        }),
      );
    }
  } finally {
    await close();
  }
}
