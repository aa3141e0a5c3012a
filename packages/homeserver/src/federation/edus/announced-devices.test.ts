import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { JsonObject } from '@soma/protocol';

import { testEngines } from '../../../../../tests/harness/engines.ts';
import { deleteDevicesStatement } from '../../accounts/device-store.ts';
import { putCrossSigningKeyStatement } from '../../e2ee/cross-signing-store.ts';
import { deviceListChangedStatement } from '../../e2ee/device-list-store.ts';
import { deviceRemains } from '../../e2ee/device-remains-store.ts';
import type { Encryption } from '../../e2ee/encryption.ts';
import { devicesForServer, readKeysForServers } from '../../e2ee/keys-for-servers.ts';
import { uploadKeys } from '../../e2ee/upload-keys.ts';
import { DeviceListLog } from '../../federation-sender/device-list-log.ts';
import { dequeueStatements, readStoredEdus } from '../../federation-sender/outbox-store.ts';
import { ServersAlongLog } from '../../federation-sender/servers-along-log.ts';
import { edusOf } from '../../federation-sender/stored-edus.ts';
import { ChangeKind } from '../../storage/change.ts';
import { readAt, write } from '../../storage/database.ts';
import { EdusUnderTest, REMOTE, alice, bob, keysOf } from './edus-under-test.ts';

/** Alice's server, and what it leaves for bob's. */
class Announcements {
  readonly given: EdusUnderTest;
  readonly encryption: Encryption;
  readonly woken: string[] = [];
  readonly #log: DeviceListLog;
  #position = 0;

  constructor(given: EdusUnderTest) {
    this.given = given;
    const { accounts, database } = given;
    const remote: Encryption['remote'] = {
      queryKeys: async () => ({ users: {}, masterKeys: {}, selfSigningKeys: {}, failures: {} }),
      claimKeys: async () => ({ users: {}, failures: {} }),
      sendStatements: () => [],
    };
    this.encryption = { accounts, remote, namesDevices: false };
    this.#log = new DeviceListLog({
      users: accounts.names.users,
      serverName: accounts.serverName,
      servers: new ServersAlongLog(database, accounts.serverName),
      sender: { deliverStoredEdus: (serverName) => void this.woken.push(serverName) },
      allows: () => true,
      keysOf: (reader, user) => readKeysForServers(this.encryption, reader, user),
    });
  }

  async upload(deviceId: string, key = 'key'): Promise<{ userNid: number; deviceNid: number }> {
    const place = this.#devices.get(deviceId) ?? (await this.given.device(alice, deviceId));
    this.#devices.set(deviceId, place);
    const deviceKeys = { ...keysOf(alice, deviceId), keys: { [`ed25519:${deviceId}`]: key } };
    const device = { userId: alice, deviceId, ...place };
    await uploadKeys(this.encryption, device, { device_keys: deviceKeys });
    return place;
  }
  readonly #devices = new Map<string, { userNid: number; deviceNid: number }>();

  /** What is told now; it is then taken by the other server. */
  async told(): Promise<JsonObject[]> {
    const { database } = this.given;
    const { statements, upTo } = await readAt(database, (reader, position) =>
      this.#log.read(reader, this.#position, position),
    );
    this.#position = upTo;
    await write(database, { statements, positions: 0 });
    this.#log.stepped();
    const stored = await readStoredEdus(database.reader, REMOTE, 100);
    await write(database, { statements: dequeueStatements(REMOTE, stored), positions: 0 });
    return edusOf(stored).map(({ edu_type: type, content }) => ({ type, ...content }));
  }

  async streamId(): Promise<unknown> {
    return (await devicesForServer(this.encryption, alice))?.['stream_id'];
  }
}

for (const engine of testEngines()) {
  const withAnnouncements = (
    title: string,
    body: (given: EdusUnderTest, announcements: Announcements) => Promise<void>,
  ): void => {
    test(title, async () => {
      const made = await engine.createDatabase();
      const given = await EdusUnderTest.open(made.config);
      try {
        await body(given, new Announcements(given));
      } finally {
        await given.close();
        await made.drop();
      }
    });
  };
  describe(`telling other servers of devices (${engine.name})`, () => {
    withAnnouncements(
      'each change of a device follows the one before; of several, all are asked for',
      async (given, announcements) => {
        const update = (deviceId: string, streamId: unknown, previous: unknown[]): JsonObject =>
          JSON.parse(
            JSON.stringify({
              type: 'm.device_list_update',
              user_id: alice,
              device_id: deviceId,
              keys: keysOf(alice, deviceId),
              stream_id: streamId,
              prev_id: previous,
            }),
          );
        await announcements.upload('ALONE');
        assert.deepEqual(await announcements.told(), [], 'nobody shares a room');
        await given.room(bob);
        const { userNid, deviceNid } = await announcements.upload('A');
        const one = await announcements.streamId();
        const [first] = await announcements.told();
        assert.deepEqual(first?.['prev_id'], []);
        assert.equal(first?.['stream_id'], one);
        assert.deepEqual(announcements.woken, [REMOTE]);
        await announcements.upload('B');
        const two = await announcements.streamId();
        assert.deepEqual(await announcements.told(), [update('B', two, [one])]);
        await announcements.upload('B');
        assert.deepEqual(await announcements.told(), [], 'the same keys are no change');
        await write(given.database, {
          statements: [
            deleteDevicesStatement(userNid, [deviceNid]),
            ...deviceRemains.removed(userNid),
          ],
          positions: 1,
          touches: [{ kind: ChangeKind.deviceList, subject: userNid }],
        });
        const three = await announcements.streamId();
        const { keys: _keys, ...gone } = update('A', three, [two]);
        assert.deepEqual(await announcements.told(), [{ ...gone, deleted: true }]);
        await announcements.upload('C');
        await announcements.upload('D');
        const [several, ...more] = await announcements.told();
        assert.deepEqual([several?.['prev_id'], more], [[], []]);
        assert.equal(several?.['stream_id'], await announcements.streamId());
      },
    );

    withAnnouncements(
      'a server that came to the room a moment ago is told of what changed since',
      async (given, announcements) => {
        const { roomNid } = await given.room();
        await announcements.upload('A');
        assert.deepEqual(await announcements.told(), [], 'nobody else is there');
        await given.move(roomNid, bob, 'join');
        await announcements.upload('B');
        assert.equal((await announcements.told()).length, 1);
        assert.deepEqual(announcements.woken, [REMOTE]);
        await given.move(roomNid, bob, 'leave');
        await announcements.upload('C');
        assert.deepEqual(await announcements.told(), [], 'it has left');
      },
    );

    withAnnouncements(
      'cross-signing keys are told when they change',
      async (given, announcements) => {
        await given.room(bob);
        const userNid = await given.userNid(alice);
        const master = { user_id: alice, usage: ['master'], keys: { 'ed25519:x': 'x' } };
        const publish = (): Promise<unknown> =>
          write(given.database, {
            statements: [
              putCrossSigningKeyStatement(userNid, 'master', JSON.stringify(master)),
              deviceListChangedStatement(userNid),
            ],
            positions: 1,
            touches: [{ kind: ChangeKind.deviceList, subject: userNid }],
          });
        await publish();
        assert.deepEqual(await announcements.told(), [
          { type: 'm.signing_key_update', user_id: alice, master_key: master },
        ]);
        await publish();
        assert.deepEqual(await announcements.told(), []);
      },
    );
  });
}
