import { parseUserId, serverNameOf } from '@soma/protocol';

import { readDeviceListPosition } from '../e2ee/device-list-store.ts';
import type { KeyUser, UserKeys } from '../e2ee/read-user-keys.ts';
import type { ImportedMember, ImportedState, ProjectImport } from '../rooms/imported-state.ts';
import { readPartialRoom } from '../rooms/partial-room-store.ts';
import type { PartialRoom } from '../rooms/partial-room-store.ts';
import type { Projection } from '../rooms/projection.ts';
import type { RoomProjection } from '../rooms/room-projection.ts';
import type { Reader } from '../storage/sql.ts';
import { Turns } from '../streams/turns.ts';
import { enqueueDeviceListResync } from './outbox-store.ts';
import type { DeviceListUpdate } from './outbox-store.ts';

export interface MissedDeviceListsOptions {
  readonly serverName: string;
  readonly reader: Reader;
  /** Whether this server federates with that one. */
  readonly allows: (serverName: string) => boolean;
  /** The keys of a user as other servers see them. */
  readonly keysOf: (reader: Reader, user: KeyUser) => Promise<UserKeys>;
}

/**
 * Tells the servers that turn out to be in a room which changes of device lists they have missed, since nobody knew of them
 * while the members of the room were still being learned.
 */
export class MissedDeviceLists implements Projection {
  readonly #options: MissedDeviceListsOptions;

  constructor(options: MissedDeviceListsOptions) {
    this.#options = options;
  }

  async open(): Promise<RoomProjection> {
    return NOTHING;
  }

  async import({ roomNid, members, joined }: ImportedState): Promise<ProjectImport> {
    const { reader } = this.#options;
    const partial = joined === undefined ? await readPartialRoom(reader, roomNid) : undefined;
    const servers = partial === undefined ? [] : await this.#serversMissed(partial, members);
    const updates =
      partial === undefined || servers.length === 0 ? [] : await this.#updates(partial, members);
    return (position, { statements }) => {
      for (const update of updates) {
        for (const server of servers) {
          statements.push(...enqueueDeviceListResync(server, update, position));
        }
      }
    };
  }

  async #serversMissed(
    { resident, serversInRoom }: PartialRoom,
    members: readonly ImportedMember[],
  ): Promise<string[]> {
    const { serverName, allows } = this.#options;
    const told = new Set([serverName, resident, ...serversInRoom]);
    const servers = new Set<string>();
    const turns = new Turns();
    for (const member of members) {
      if (isJoined(member)) for (const server of serverOf(member.userId)) servers.add(server);
      await turns.next();
    }
    return [...servers].filter((server) => !told.has(server) && allows(server));
  }

  async #updates(
    { deviceListPosition }: PartialRoom,
    members: readonly ImportedMember[],
  ): Promise<DeviceListUpdate[]> {
    const { reader, serverName, keysOf } = this.#options;
    const updates: DeviceListUpdate[] = [];
    const turns = new Turns();
    for (const { userId, userNid } of members.filter(isJoined)) {
      await turns.next();
      if (!serverOf(userId).includes(serverName)) continue;
      if ((await readDeviceListPosition(reader, userNid)) <= deviceListPosition) continue;
      const [device] = (await keysOf(reader, { userId, userNid })).devices;
      if (device === undefined) continue;
      const { deviceId, displayName, keys } = device;
      updates.push({ userId, deviceId, displayName, keys });
    }
    return updates;
  }
}

const NOTHING: RoomProjection = { prepare: () => undefined, project: () => {} };

function isJoined({ content }: ImportedMember): boolean {
  return content['membership'] === 'join';
}

function serverOf(userId: string): string[] {
  const parsed = parseUserId(userId);
  return parsed === undefined ? [] : [serverNameOf(parsed)];
}
