import { isJsonObject, parseUserId, serverNameOf } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import type { ServersOfRoom } from '../../membership/room-servers.ts';

/**
 * The servers that most likely have the past of a room: those of the users with the most power, who have been in it for
 * long as a rule, then those that have been in it the longest.
 *
 * @param powerLevels the content of `m.room.power_levels`
 */
export function serversToAsk(
  servers: ServersOfRoom,
  powerLevels: JsonObject | undefined,
  isWanted: (serverName: string) => boolean,
): string[] {
  const users = powerLevels?.['users'];
  const powerful = Object.entries(isJsonObject(users) ? users : {})
    .flatMap(([text, level]) => {
      const userId = parseUserId(text);
      return userId === undefined ? [] : { serverName: serverNameOf(userId), level: Number(level) };
    })
    .filter(({ level }) => level > 0)
    .toSorted((one, other) => other.level - one.level)
    .map(({ serverName }) => serverName);
  const candidates = new Set<string>([...powerful, ...servers.joinedByAge()]);
  return [...candidates].filter((name) => servers.isJoined(name) && isWanted(name));
}
