import { join } from 'node:path';

import { loadConfig } from './config/load-config.ts';
import { openServices } from './open-services.ts';
import { writeToRoom } from './rooms/room-write.ts';
import { createLogger } from './telemetry/logger.ts';

/**
 * A program that writes joins of users of other servers into the database of a server that does not run, as if they had
 * come from there. Its arguments are the folder of the server and a JSON list of pairs of room and user ID.
 */
const [folder = '', membersText = '[]'] = process.argv.slice(2);
const members: readonly (readonly [roomId: string, userId: string])[] = JSON.parse(membersText);
const { config } = loadConfig({ files: [join(folder, 'homeserver.yaml')] });
const { services, close } = await openServices(config, createLogger({ level: 'warn' }).logger);
for (const [roomId, userId] of members) {
  const roomNid = await services.rooms.names.rooms.intern(roomId);
  const content = { membership: 'join' };
  const draft = { type: 'm.room.member', stateKey: userId, sender: userId, content };
  await writeToRoom(services.rooms, roomNid, (write) => write.append(draft));
}
await close();
