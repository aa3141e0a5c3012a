import { hash } from 'node:crypto';

import { readDeviceListPosition } from '../e2ee/device-list-store.ts';
import type { KeyUser, ShownDevice, UserKeys } from '../e2ee/read-user-keys.ts';
import { isLocalUser } from '../ephemeral/is-local-user.ts';
import { readJoinedRooms } from '../membership/membership-store.ts';
import { ChangeKind } from '../storage/change.ts';
import type { Names } from '../storage/names-store.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import { readChanges } from '../streams/cursor-store.ts';
import type { FollowedIndex, LogStep } from '../streams/log-follower.ts';
import {
  announceDeviceStatement,
  announceSigningKeysStatement,
  readAnnounced,
} from './announced-devices-store.ts';
import type { FederationSender } from './federation-sender.ts';
import {
  enqueueDeviceListResync,
  enqueueDeviceListUpdate,
  enqueueSigningKeyUpdate,
} from './outbox-store.ts';
import type { DeviceListUpdate } from './outbox-store.ts';
import type { ServersAlongLog } from './servers-along-log.ts';

export interface DeviceListLogOptions {
  readonly users: Names;
  readonly serverName: string;
  readonly servers: Pick<ServersAlongLog, 'othersAt'>;
  readonly sender: Pick<FederationSender, 'deliverStoredEdus'>;
  /** Whether this server federates with that one. */
  readonly allows: (serverName: string) => boolean;
  /** The keys of a user as other servers see them. */
  readonly keysOf: (reader: Reader, user: KeyUser) => Promise<UserKeys>;
}

const USERS_AT_ONCE = 100;
/** A client that logs in changes its devices several times in a row. */
const REST_MS = 50;

/** One user's changes, since what others were told last. */
interface UserChanges {
  readonly updates: readonly DeviceListUpdate[];
  readonly signingKeys: Pick<UserKeys, 'master' | 'selfSigning'> | undefined;
  /** Note what is told with this. */
  readonly statements: readonly Statement[];
}

/**
 * Tells the servers that share rooms with users of this server when devices or cross-signing keys of these change (SS
 * API, "Device Management"). The position of a change is the `stream_id`, as in `GET /user/devices/{userId}`.
 */
export class DeviceListLog implements FollowedIndex {
  readonly name = 'federated-device-lists';
  readonly restMs = REST_MS;
  readonly #options: DeviceListLogOptions;
  #told = new Set<string>();

  constructor(options: DeviceListLogOptions) {
    this.#options = options;
  }

  async read(reader: Reader, above: number, now: number): Promise<LogStep> {
    const { users, serverName } = this.#options;
    const kinds = [ChangeKind.deviceList];
    const { subjects, upTo } = await readChanges(reader, kinds, above, now, USERS_AT_ONCE);
    const statements: Statement[] = [];
    for (const userNid of subjects) {
      const userId = await users.text(userNid);
      if (!isLocalUser(userId, serverName)) continue;
      statements.push(...(await this.#tell(reader, userId, userNid, now)));
    }
    return { statements, upTo };
  }

  stepped(): void {
    const told = this.#told;
    this.#told = new Set();
    for (const serverName of told) this.#options.sender.deliverStoredEdus(serverName);
  }

  async #tell(
    reader: Reader,
    userId: string,
    userNid: number,
    now: number,
  ): Promise<readonly Statement[]> {
    const destinations = await this.#destinations(reader, userNid, now);
    if (destinations.size === 0) return [];
    const { updates, signingKeys, statements } = await this.#changes(reader, { userId, userNid });
    const streamId = await readDeviceListPosition(reader, userNid);
    const [update] = updates;
    // Of many at once only one would wait, so others ask for all.
    const enqueue = updates.length > 1 ? enqueueDeviceListResync : enqueueDeviceListUpdate;
    const edus = [...destinations].flatMap((destination) => [
      ...(update === undefined ? [] : enqueue(destination, update, streamId)),
      ...(signingKeys === undefined
        ? []
        : enqueueSigningKeyUpdate(
            destination,
            { userId, masterKey: signingKeys.master, selfSigningKey: signingKeys.selfSigning },
            streamId,
          )),
    ]);
    if (edus.length > 0) for (const destination of destinations) this.#told.add(destination);
    return [...edus, ...statements];
  }

  async #destinations(reader: Reader, userNid: number, now: number): Promise<Set<string>> {
    const { servers, allows } = this.#options;
    const found = new Set<string>();
    for (const roomNid of await readJoinedRooms(reader, userNid)) {
      for (const other of await servers.othersAt(reader, roomNid, now)) {
        if (allows(other)) found.add(other);
      }
    }
    return found;
  }

  async #changes(reader: Reader, user: KeyUser): Promise<UserChanges> {
    const { userId, userNid } = user;
    const keys = await this.#options.keysOf(reader, user);
    const before = await readAnnounced(reader, userNid);
    const updates: DeviceListUpdate[] = [];
    const statements: Statement[] = [];
    const gone = new Set(before.devices.keys());
    for (const device of keys.devices) {
      const { deviceId, displayName } = device;
      gone.delete(deviceId);
      const hashed = hashOf(deviceJson(device));
      if (before.devices.get(deviceId) === hashed) continue;
      updates.push({ userId, deviceId, displayName, keys: device.keys });
      statements.push(announceDeviceStatement(userNid, deviceId, hashed));
    }
    for (const deviceId of gone) {
      updates.push({ userId, deviceId, isDeleted: true });
      statements.push(announceDeviceStatement(userNid, deviceId, undefined));
    }
    const { master, selfSigning } = keys;
    const hasKeys = master !== undefined || selfSigning !== undefined;
    const hashed = hasKeys ? hashOf({ master, selfSigning }) : undefined;
    if (hashed === before.crossSigning) return { updates, signingKeys: undefined, statements };
    statements.push(announceSigningKeysStatement(userNid, hashed));
    return { updates, signingKeys: hasKeys ? { master, selfSigning } : undefined, statements };
  }
}

function deviceJson({ keys, displayName }: ShownDevice): object {
  return { keys, displayName };
}

function hashOf(value: object): string {
  return hash('sha256', JSON.stringify(value), 'base64');
}
