import type { Config } from './config/config.ts';
import { readMembershipsOfUser } from './membership/membership-store.ts';
import type { Rooms } from './rooms/rooms.ts';
import type { Search } from './search/search-events.ts';
import { SearchIndexer } from './search/search-indexer.ts';
import type { Logger } from './telemetry/logger.ts';

/** Opens the search for messages; undefined where the operator has turned it off. */
export async function openSearch(
  rooms: Rooms,
  { search }: Config,
  logger: Logger,
): Promise<Search | undefined> {
  if (!search.enableSearch) return undefined;
  return {
    rooms,
    indexer: await SearchIndexer.open(rooms.database, logger),
    joinedRooms: async (reader, userNid) => {
      const records = await readMembershipsOfUser(reader, userNid);
      return records.flatMap(({ membership, roomNid }) => (membership === 'join' ? roomNid : []));
    },
  };
}
