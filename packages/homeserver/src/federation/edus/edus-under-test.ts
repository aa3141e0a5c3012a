import type { JsonObject, JsonValue, ServerName } from '@soma/protocol';

import { openAccountsUnderTest } from '../../accounts/accounts-under-test.ts';
import type { Accounts } from '../../accounts/accounts.ts';
import { insertDeviceStatement } from '../../accounts/device-store.ts';
import { readDeviceListsChanged } from '../../e2ee/device-list-store.ts';
import type { RemoteKeys } from '../../e2ee/encryption.ts';
import { receiveToDevice } from '../../e2ee/receive-to-device.ts';
import type { Ephemeral } from '../../ephemeral/ephemeral.ts';
import { Presence } from '../../ephemeral/presence.ts';
import { ReadingProjection } from '../../ephemeral/reading-projection.ts';
import { signerUnderTest } from '../../ephemeral/signer-under-test.ts';
import { Typing } from '../../ephemeral/typing.ts';
import type { FederationRequest } from '../../federation-client/federation-client.ts';
import { FederationError } from '../../federation-client/federation-error.ts';
import { changeMembership } from '../../membership/change-membership.ts';
import type { MembershipRequest } from '../../membership/change-membership.ts';
import { MembershipProjection } from '../../membership/membership-projection.ts';
import { isJoined } from '../../membership/membership-store.ts';
import { createPublicRoom } from '../../membership/room-graph-under-test.ts';
import { openRooms } from '../../rooms/rooms.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import { readAt, write } from '../../storage/database.ts';
import type { Database } from '../../storage/database.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { DeviceListResyncer } from '../remote-users/device-list-resyncer.ts';
import { ForgetDevicesProjection } from '../remote-users/forget-projection.ts';
import { queryRemoteKeys } from '../remote-users/query-remote-keys.ts';
import type { RemoteUserLists } from '../remote-users/remote-user-lists.ts';
import { readResyncMarks, readServersToResync } from '../remote-users/resync-store.ts';
import type { ResyncMark } from '../remote-users/resync-store.ts';
import { openEduHandlers } from './edu-handlers.ts';
import type { EduHandlers } from './edu-handlers.ts';

export const alice = '@alice:example.org';
export const bob = '@bob:remote.test';
export const REMOTE = 'remote.test' as ServerName;

type Answer = (request: FederationRequest) => JsonValue | undefined | Promise<JsonValue>;

/** A server with real rooms and a real database, whose other servers the test answers for. */
export class EdusUnderTest {
  readonly accounts: Accounts;
  readonly database: Database;
  readonly clock: { nowMs: number };
  readonly rooms: Rooms;
  readonly ephemeral: Ephemeral;
  readonly presence: Presence;
  readonly lists: RemoteUserLists;
  /** What other servers were asked, as `GET /path`. */
  readonly asked: string[] = [];
  /** What they answer; undefined for one that is not there. */
  answer: Answer = () => undefined;
  edus: EduHandlers;
  resyncer: DeviceListResyncer;
  readonly #close: () => Promise<void>;

  /** @param databaseSection as a test engine gives it */
  static async open(databaseSection: object): Promise<EdusUnderTest> {
    return new EdusUnderTest(await openAccountsUnderTest(databaseSection));
  }

  private constructor(opened: Awaited<ReturnType<typeof openAccountsUnderTest>>) {
    const { accounts, database, clock, config } = opened;
    this.accounts = accounts;
    this.database = database;
    this.clock = clock;
    this.#close = opened.close;
    const { names, serverName } = accounts;
    const typing = new Typing();
    const reading = new ReadingProjection(serverName, () => undefined);
    this.rooms = openRooms({
      database,
      names,
      projections: [
        new MembershipProjection(names.users, { serverName }),
        new ForgetDevicesProjection(names.users, serverName),
        reading,
      ],
      signer: signerUnderTest(),
      now: () => (clock.nowMs += 1),
      profileOf: async () => ({}),
      isJoined,
    });
    this.ephemeral = { rooms: this.rooms, reading, typing, isJoined };
    this.presence = new Presence(config.presence, () => clock.nowMs);
    const requestJson = async (request: FederationRequest): Promise<JsonValue> => {
      this.asked.push(`${request.method} ${decodeURIComponent(request.path)}`);
      const answered = await this.answer(request);
      if (answered !== undefined) return answered;
      throw new FederationError('unreachable', request.destination, 'not there');
    };
    this.lists = { database, names, client: { requestJson }, now: () => clock.nowMs };
    this.resyncer = this.#openResyncer();
    this.edus = this.#openEdus();
  }

  /** Forgets what is in memory only. */
  async restart(): Promise<void> {
    await this.resyncer.close();
    this.resyncer = this.#openResyncer();
    this.edus = this.#openEdus();
  }

  async close(): Promise<void> {
    await this.resyncer.close();
    await this.#close();
  }

  /** Receives one EDU of the remote server. */
  receive(edu_type: string, content: JsonValue, origin: ServerName = REMOTE): Promise<void> {
    return this.edus.receive(origin, [{ edu_type, content }]);
  }

  userNid(userId: string): Promise<number> {
    return this.accounts.names.users.intern(userId);
  }

  /** A room of alice's with these others in it. */
  async room(...others: readonly string[]): Promise<{ roomId: string; roomNid: number }> {
    const roomId = await createPublicRoom(this.rooms, alice);
    const roomNid = await this.accounts.names.rooms.intern(roomId);
    for (const userId of others) await this.move(roomNid, userId, 'join');
    return { roomId, roomNid };
  }

  async move(roomNid: number, userId: string, action: MembershipRequest['action']): Promise<void> {
    await changeMembership(this.rooms, { roomNid, sender: userId, target: userId, action });
  }

  /** A device of a local user, as its nids. */
  async device(userId: string, deviceId: string): Promise<{ userNid: number; deviceNid: number }> {
    const userNid = await this.userNid(userId);
    const deviceNid = await this.accounts.deviceNids.next();
    const device = { deviceNid, userNid, deviceId, displayName: undefined, createdTs: 0 };
    await write(this.database, { statements: [insertDeviceStatement(device)], positions: 0 });
    return { userNid, deviceNid };
  }

  async messages(device: { userNid: number; deviceNid: number }): Promise<readonly JsonObject[]> {
    const { reader, position } = this.database;
    return (await receiveToDevice(reader, this.accounts.names, device, 0, position)).events;
  }

  async query(userId: string, timeoutMs = 5_000): Promise<RemoteKeys> {
    const viewer = { userId: alice, userNid: await this.userNid(alice) };
    return queryRemoteKeys(this.lists, viewer, new Map([[userId, []]]), timeoutMs);
  }

  /** The IDs of a remote user's devices, as alice is shown them. */
  async devicesOf(userId: string): Promise<string[]> {
    return Object.keys((await this.query(userId)).users[userId] ?? {});
  }

  /** Whether clients were told of a change of the user's devices since a position. */
  async isTold(userId: string, since: number): Promise<boolean> {
    // What was just committed counts too, although nobody may have been woken for it.
    const changed = await readAt(this.database, (reader, position) =>
      readDeviceListsChanged(reader, 0, since, position),
    );
    return changed.includes(await this.userNid(userId));
  }

  /** The next list of each server that is to be fetched. */
  async marks(): Promise<readonly ResyncMark[]> {
    const { reader } = this.database;
    const marks: ResyncMark[] = [];
    for (const serverName of await readServersToResync(reader)) {
      marks.push(...(await readResyncMarks(reader, serverName, 1)));
    }
    return marks;
  }

  /** Resolves when no list is to be fetched at once. */
  async settled(): Promise<void> {
    for (let tries = 0; tries < 100; tries += 1) {
      const marks = await this.marks();
      if (marks.every(({ nextTryTs }) => nextTryTs > this.clock.nowMs)) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error('device lists are still to be fetched');
  }

  #openResyncer(): DeviceListResyncer {
    return new DeviceListResyncer(this.lists, createLogger({ level: 'silent' }).logger);
  }

  #openEdus(): EduHandlers {
    return openEduHandlers(
      {
        accounts: this.accounts,
        ephemeral: this.ephemeral,
        presence: this.presence,
        lists: this.lists,
        resyncSoon: (serverName) => this.resyncer.wake(serverName),
      },
      createLogger({ level: 'silent' }).logger,
    );
  }
}

/** Identity keys of a device, which nobody has signed. */
export function keysOf(userId: string, deviceId: string): JsonObject {
  return {
    user_id: userId,
    device_id: deviceId,
    algorithms: ['m.megolm.v1.aes-sha2'],
    keys: { [`ed25519:${deviceId}`]: 'key' },
    signatures: {},
  };
}

/** An answer to `GET /user/devices/{userId}`. */
export function deviceList(
  userId: string,
  streamId: number,
  ...deviceIds: readonly string[]
): JsonObject {
  const devices = deviceIds.map((id) => ({ device_id: id, keys: keysOf(userId, id) }));
  return { user_id: userId, stream_id: streamId, devices };
}
