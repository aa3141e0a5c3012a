import type { ClientServices } from './client-server/services.ts';
import type { Config } from './config/config.ts';
import { SpaceWalks } from './directory/read-hierarchy.ts';
import { readMembershipsOfUser } from './membership/membership-store.ts';
import { DelayedEvents } from './rooms/delayed/delayed-events.ts';
import type { Rooms } from './rooms/rooms.ts';
import { messageIndex } from './search/message-index.ts';
import type { Search } from './search/search-events.ts';
import { userIndex } from './search/user-index.ts';
import { LogFollower } from './streams/log-follower.ts';
import type { Logger } from './telemetry/logger.ts';

/** What stands on the rooms alone: the searches, delayed events and the walks through spaces. */
export interface Conversation {
  readonly services: Pick<
    ClientServices,
    'search' | 'userDirectory' | 'delayedEvents' | 'spaceWalks'
  >;
  close(): Promise<void>;
}

export async function openConversation(
  rooms: Rooms,
  config: Config,
  logger: Logger,
  isHidden: (userId: string) => boolean,
): Promise<Conversation> {
  const { database } = rooms;
  const messages = config.search.enableSearch
    ? await LogFollower.open(database, logger, messageIndex(database.engine))
    : undefined;
  const users = await LogFollower.open(database, logger, userIndex);
  const delayedEvents = new DelayedEvents(rooms, logger, config.rooms.maxEventDelayMs);
  await delayedEvents.start();
  return {
    services: {
      search: messages === undefined ? undefined : { rooms, index: messages, joinedRooms },
      userDirectory: { database, index: users, config: config.search.userDirectory, isHidden },
      delayedEvents,
      spaceWalks: new SpaceWalks(),
    },
    close: async () => {
      await delayedEvents.close();
      await messages?.close();
      await users.close();
    },
  };
}

const joinedRooms: Search['joinedRooms'] = async (reader, userNid) => {
  const records = await readMembershipsOfUser(reader, userNid);
  return records.flatMap(({ membership, roomNid }) => (membership === 'join' ? roomNid : []));
};
