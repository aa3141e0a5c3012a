import type { Config } from './config/config.ts';
import { readMembershipsOfUser } from './membership/membership-store.ts';
import type { Rooms } from './rooms/rooms.ts';
import { LogFollower } from './search/log-follower.ts';
import { messageIndex } from './search/message-index.ts';
import type { Search } from './search/search-events.ts';
import type { UserDirectory } from './search/search-users.ts';
import { userIndex } from './search/user-index.ts';
import type { Logger } from './telemetry/logger.ts';

/** Opens the search for messages, where the operator has not turned it off, and for users. */
export async function openSearch(
  rooms: Rooms,
  config: Config,
  logger: Logger,
): Promise<{ search: Search | undefined; userDirectory: UserDirectory; close(): Promise<void> }> {
  const { database } = rooms;
  const messages = config.search.enableSearch
    ? await LogFollower.open(database, logger, messageIndex(database.engine))
    : undefined;
  const users = await LogFollower.open(database, logger, userIndex);
  return {
    search: messages === undefined ? undefined : { rooms, index: messages, joinedRooms },
    userDirectory: { database, index: users, config: config.search.userDirectory },
    close: async () => {
      await messages?.close();
      await users.close();
    },
  };
}

const joinedRooms: Search['joinedRooms'] = async (reader, userNid) => {
  const records = await readMembershipsOfUser(reader, userNid);
  return records.flatMap(({ membership, roomNid }) => (membership === 'join' ? roomNid : []));
};
