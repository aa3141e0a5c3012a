import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import type { JsonObject } from '@soma/protocol';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { putReceiptStatement } from '../ephemeral/receipt-store.ts';
import type { ReceiptType } from '../ephemeral/receipt-store.ts';
import { MAIN_TIMELINE, UNTHREADED } from '../ephemeral/thread.ts';
import {
  alice,
  bob,
  createPublicRoom,
  openRoomGraph,
} from '../membership/room-graph-under-test.ts';
import type { RoomGraphUnderTest } from '../membership/room-graph-under-test.ts';
import { readEventById } from '../rooms/event-store.ts';
import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import type { Statement } from '../storage/sql.ts';
import {
  enqueueDeviceListUpdate,
  enqueueSigningKeyUpdate,
  enqueueToDevice,
} from './outbox-store.ts';
import { openSender, sendText, setMember, unreachable } from './sender-under-test.ts';
import type { SenderUnderTest } from './sender-under-test.ts';

for (const engine of testEngines()) {
  describe(`EDUs for other servers (${engine.name})`, () => {
    let made: TestDatabase;
    let graph: RoomGraphUnderTest;
    let given: SenderUnderTest;
    let count = 0;
    let one = '';

    before(async () => {
      made = await engine.createDatabase();
      graph = await openRoomGraph(made.config);
      given = await openSender(graph);
    });
    beforeEach(() => {
      count += 1;
      one = `one${count}.test`;
    });
    after(async () => {
      await given.close();
      await graph.database.close();
      await made.drop();
    });

    const commit = (...statements: readonly Statement[]): Promise<unknown> =>
      write(graph.database, { statements, positions: 1 });
    const edusTaken = (type: string): JsonObject[] =>
      given
        .peer(one)
        .taken.flatMap(({ body }) => body.edus)
        .filter((edu) => edu['edu_type'] === type)
        .map((edu) => edu['content'] as JsonObject);
    const goDown = (): void => {
      given.peer(one).answer = () => {
        throw unreachable(one);
      };
    };
    const comeBack = async (): Promise<void> => {
      given.peer(one).answer = () => ({ pdus: {} });
      await given.destinations.heardFrom(one);
      await given.settle();
    };
    const toDevice = (index: number): Statement[] =>
      enqueueToDevice(one, {
        sender: alice,
        type: 'm.secret',
        messageId: `${count}-${index}`,
        messages: { [`@bob:${one}`]: { '*': { index } } },
      });
    const deviceList = (deviceId: string): Statement[] =>
      enqueueDeviceListUpdate(one, { userId: alice, deviceId, keys: { device_id: deviceId } });

    test('messages to devices wait for the destination, in order, and are taken once', async () => {
      goDown();
      for (let at = 0; at < 150; at += 1) void commit(...toDevice(at));
      await commit();
      await given.settle();
      await comeBack();
      const taken = edusTaken('m.direct_to_device');
      assert.deepEqual(
        taken.map((content) => content['messages']),
        Array.from({ length: 150 }, (_, index) => ({ [`@bob:${one}`]: { '*': { index } } })),
      );
      assert.deepEqual(Object.keys(taken[0] ?? {}).toSorted(), [
        'message_id',
        'messages',
        'sender',
        'type',
      ]);
      assert.ok(given.peer(one).taken.every(({ body }) => body.edus.length <= 100));
      await commit(...toDevice(150));
      await given.settle();
      assert.equal(edusTaken('m.direct_to_device').length, 151);
    });

    test('a transaction has at most 100 EDUs, of those stored and of those told now', async () => {
      const gate = Promise.withResolvers<void>();
      given.peer(one).answer = async () => {
        await gate.promise;
        return { pdus: {} };
      };
      const type = (index: number): void => {
        const key = `user ${index}`;
        given.sender.deliverEphemeral(one, 'm.typing', key, { user_id: key });
      };
      type(0);
      while (given.network.underWay === 0) await sleep(2);
      for (let at = 0; at < 120; at += 1) void commit(...toDevice(at));
      await commit();
      for (let index = 1; index <= 60; index += 1) type(index);
      given.sender.deliverEphemeral(one, 'm.presence', alice, { user_id: alice });
      await given.follower.catchUp();
      gate.resolve();
      await given.settle();
      const sizes = given.peer(one).taken.map(({ body }) => body.edus.length);
      assert.deepEqual(sizes, [1, 100, 81]);
      assert.equal(edusTaken('m.direct_to_device').length, 120);
      assert.equal(edusTaken('m.typing').length, 61);
    });

    test('each device list update names the one before', async () => {
      for (const device of ['A', 'B', 'C']) {
        await commit(...deviceList(device));
        await given.settle();
      }
      const taken = edusTaken('m.device_list_update');
      assert.deepEqual(
        taken.map((content) => [content['user_id'], content['device_id'], content['keys']]),
        ['A', 'B', 'C'].map((device) => [alice, device, { device_id: device }]),
      );
      const ids = taken.map((content) => content['stream_id']);
      assert.deepEqual(
        taken.map((content) => content['prev_id']),
        [[], [ids[0]], [ids[1]]],
      );
    });

    test('updates that a destination has missed become one that makes it ask for all', async () => {
      await commit(...deviceList('A'));
      await given.settle();
      const [first] = edusTaken('m.device_list_update');
      goDown();
      for (const device of ['B', 'C']) await commit(...deviceList(device));
      await given.settle();
      await comeBack();
      const [, second, ...others] = edusTaken('m.device_list_update');
      assert.deepEqual(others, []);
      assert.equal(second?.['device_id'], 'C');
      assert.notDeepEqual(second['prev_id'], [first?.['stream_id']]);
      assert.notDeepEqual(second['prev_id'], []);
    });

    test('of cross-signing keys the last count', async () => {
      goDown();
      for (const key of ['old', 'new']) {
        await commit(...enqueueSigningKeyUpdate(one, { userId: alice, masterKey: { key } }));
      }
      await given.settle();
      await comeBack();
      assert.deepEqual(edusTaken('m.signing_key_update'), [
        { user_id: alice, master_key: { key: 'new' } },
      ]);
    });

    test('of receipts the last of each user and thread counts, and private ones do not', async () => {
      const roomId = await createPublicRoom(graph.rooms, alice);
      await setMember(graph, roomId, bob, 'join');
      await setMember(graph, roomId, `@bob:${one}`, 'join');
      const eventIds: string[] = [];
      for (const body of ['a', 'b']) eventIds.push(await sendText(graph, roomId, alice, body));
      await given.settle();
      goDown();
      const read = (index: number, user: string, thread: number, type: ReceiptType = 'm.read') =>
        readUpTo(graph, { roomId, eventId: eventIds[index] ?? '', user, type, thread });
      await read(0, alice, UNTHREADED);
      await read(1, alice, UNTHREADED);
      await read(1, alice, MAIN_TIMELINE);
      await read(1, bob, UNTHREADED, 'm.read.private');
      await read(0, bob, UNTHREADED);
      await read(1, `@bob:${one}`, UNTHREADED);
      await given.settle();
      await comeBack();
      while (given.sender.isBusy || edusTaken('m.receipt').length === 0) await given.settle();
      const shown = edusTaken('m.receipt').map((content) => content[roomId]);
      const receipt = (index: number, data: object) => ({
        event_ids: [eventIds[index]],
        data: { ts: 5, ...data },
      });
      assert.deepEqual(shown, [
        { 'm.read': { [alice]: receipt(1, {}), [bob]: receipt(0, {}) } },
        { 'm.read': { [alice]: receipt(1, { thread_id: 'main' }) } },
      ]);
    });

    test('typing and presence are told now or never, the last of each', async () => {
      const put = (body: string): void => {
        const content = { body };
        given.sender.deliverEphemeral(one, 'm.typing', 'room and user', content);
        given.sender.deliverEphemeral(one, 'm.presence', alice, content);
      };
      put('first');
      put('second');
      await given.settle();
      assert.deepEqual(edusTaken('m.typing').at(-1), { body: 'second' });
      assert.deepEqual(edusTaken('m.presence').at(-1), { push: [{ body: 'second' }] });
      goDown();
      put('lost');
      await given.settle();
      put('lost too');
      await given.settle();
      await comeBack();
      assert.ok(given.peer(one).taken.every(({ text }) => !text.includes('lost')));
    });
  });
}

interface Reading {
  readonly roomId: string;
  readonly eventId: string;
  readonly user: string;
  readonly type: ReceiptType;
  readonly thread: number;
}

async function readUpTo({ rooms, database }: RoomGraphUnderTest, reading: Reading): Promise<void> {
  const { roomId, eventId, user, type, thread } = reading;
  const roomNid = await rooms.names.rooms.intern(roomId);
  const userNid = await rooms.names.users.intern(user);
  const event = await readEventById(database.reader, eventId);
  assert.ok(event !== undefined);
  const key = { roomNid, userNid, type, threadNid: thread };
  await write(database, {
    statements: [putReceiptStatement(key, event.event_nid, event.event_order, 5)],
    positions: 1,
    touches: [{ kind: ChangeKind.receipt, subject: roomNid }],
  });
}
