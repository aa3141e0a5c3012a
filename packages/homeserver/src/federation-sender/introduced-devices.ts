import { readDeviceListPosition } from '../e2ee/device-list-store.ts';
import type { KeyUser, UserKeys } from '../e2ee/read-user-keys.ts';
import { readRoomsJoinedBy } from '../membership/membership-store.ts';
import type { Names } from '../storage/names-store.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import { enqueueDeviceListResync } from './outbox-store.ts';
import type { ServersAlongLog } from './servers-along-log.ts';

export interface IntroducedDevicesOptions {
  readonly users: Pick<Names, 'find'>;
  readonly servers: Pick<ServersAlongLog, 'othersAt'>;
  /** Whether this server federates with that one. */
  readonly allows: (serverName: string) => boolean;
  /** The keys of a user as other servers see them. */
  readonly keysOf: (reader: Reader, user: KeyUser) => Promise<UserKeys>;
}

/** Users of this server who have come to a room. */
export interface CameToRoom {
  readonly roomNid: number;
  readonly userIds: ReadonlySet<string>;
  /** The position before they did. */
  readonly above: number;
  /** The position of the state that is read. */
  readonly now: number;
}

/** What is left for the servers that learn of a user's devices. */
export interface Introductions {
  readonly serverNames: ReadonlySet<string>;
  readonly statements: readonly Statement[];
}

/**
 * Tells the servers of a room of the devices of users who come to it, where they have not been told of changes before
 * (SS API, "Device Management"): what such a server knows of them may be from long ago.
 */
export class IntroducedDevices {
  readonly #options: IntroducedDevicesOptions;

  constructor(options: IntroducedDevicesOptions) {
    this.#options = options;
  }

  async introduce(reader: Reader, came: CameToRoom): Promise<Introductions> {
    const { users, servers, allows, keysOf } = this.#options;
    const { roomNid, userIds, now } = came;
    const serverNames = new Set<string>();
    const statements: Statement[] = [];
    const others =
      userIds.size === 0 ? [] : (await servers.othersAt(reader, roomNid, now)).filter(allows);
    for (const userId of others.length === 0 ? [] : userIds) {
      const userNid = await users.find(userId);
      if (userNid === undefined) continue;
      const [device] = (await keysOf(reader, { userId, userNid })).devices;
      if (device === undefined) continue;
      const { deviceId, displayName, keys } = device;
      const update = { userId, deviceId, displayName, keys };
      const streamId = await readDeviceListPosition(reader, userNid);
      for (const serverName of await this.#untold(reader, userNid, others, came)) {
        serverNames.add(serverName);
        statements.push(...enqueueDeviceListResync(serverName, update, streamId));
      }
    }
    return { serverNames, statements };
  }

  /** Those of the servers that are in no other room with the user. */
  async #untold(
    reader: Reader,
    userNid: number,
    serverNames: readonly string[],
    { above, now }: CameToRoom,
  ): Promise<ReadonlySet<string>> {
    const untold = new Set(serverNames);
    for (const roomNid of await readRoomsJoinedBy(reader, userNid, above)) {
      if (untold.size === 0) break;
      for (const told of await this.#options.servers.othersAt(reader, roomNid, now)) {
        untold.delete(told);
      }
    }
    return untold;
  }
}
