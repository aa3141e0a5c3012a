import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { SERVER_NAME } from '../ephemeral/signer-under-test.ts';
import { FederationError } from '../federation-client/federation-error.ts';
import { alice, createPublicRoom, openRoomGraph } from '../membership/room-graph-under-test.ts';
import type { RoomGraphUnderTest } from '../membership/room-graph-under-test.ts';
import { OutboundError } from '../outbound/outbound-error.ts';
import { readEventById } from '../rooms/event-store.ts';
import { relayEventStatement, withholdEventStatement } from './event-relay-store.ts';
import { concurrentTransactionsMax, pdusPerTransactionMax, queuedPdusMax } from './limits.ts';
import {
  appendEvent,
  bodiesTakenBy,
  openSender,
  sendText,
  setMember,
  unreachable,
} from './sender-under-test.ts';
import type { SenderUnderTest } from './sender-under-test.ts';

for (const engine of testEngines()) {
  describe(`the federation sender (${engine.name})`, () => {
    let made: TestDatabase;
    let graph: RoomGraphUnderTest;
    let given: SenderUnderTest;
    let count = 0;
    /** Names of servers that no other test uses. */
    let [one, two, three] = ['', '', ''];

    before(async () => {
      made = await engine.createDatabase();
      graph = await openRoomGraph(made.config);
      given = await openSender(graph);
    });
    beforeEach(() => {
      count += 1;
      [one, two, three] = ['one', 'two', 'three'].map((name) => `${name}${count}.test`) as [
        string,
        string,
        string,
      ];
    });
    after(async () => {
      await given.close();
      await graph.database.close();
      await made.drop();
    });

    const roomWith = async (...servers: readonly string[]): Promise<string> => {
      const roomId = await createPublicRoom(graph.rooms, alice);
      for (const server of servers) await setMember(graph, roomId, `@bob:${server}`, 'join');
      await given.settle();
      return roomId;
    };
    const say = (roomId: string, body: string): Promise<string> =>
      sendText(graph, roomId, alice, body);

    test('a message goes to each server in the room, as it is stored', async () => {
      const roomId = await roomWith(one, two);
      await roomWith(three);
      const eventId = await say(roomId, 'hello');
      await given.settle();
      const stored = await readEventById(graph.database.reader, eventId);
      for (const server of [one, two]) {
        const { taken } = given.peer(server);
        assert.equal(taken.length, 1);
        const [transaction] = taken;
        assert.ok(
          transaction !== undefined && transaction.text.includes(`"pdus":[${stored?.json}]`),
        );
        assert.deepEqual(Object.keys(transaction.body).toSorted(), [
          'edus',
          'origin',
          'origin_server_ts',
          'pdus',
        ]);
      }
      assert.deepEqual(given.peer(three).taken, []);
    });

    test('a server gets the leave of its last user, and nothing after it', async () => {
      const roomId = await roomWith(one, two);
      await setMember(graph, roomId, `@bob:${one}`, 'leave', alice);
      await say(roomId, 'without you');
      await given.settle();
      const types = given
        .peer(one)
        .taken.flatMap(({ body }) => body.pdus.map((pdu) => pdu['type']));
      assert.deepEqual(types, ['m.room.member']);
      assert.deepEqual(bodiesTakenBy(given.peer(two)), ['without you']);
    });

    test('a server whose invite is taken back learns of it', async () => {
      const roomId = await roomWith(one);
      await setMember(graph, roomId, `@carol:${two}`, 'invite', alice);
      await given.settle();
      assert.deepEqual(given.peer(two).taken, []);
      await setMember(graph, roomId, `@carol:${two}`, 'leave', alice);
      await given.settle();
      assert.equal(given.peer(two).taken.length, 1);
    });

    test('what others have made is not sent, but for what this server brings to the room', async () => {
      const roomId = await roomWith(one, two);
      await sendText(graph, roomId, `@bob:${one}`, 'from elsewhere');
      const join = { type: 'm.room.member', content: { membership: 'join' } };
      const newcomer = { ...join, sender: `@dora:${three}`, stateKey: `@dora:${three}` };
      await appendEvent(graph, roomId, newcomer, (nid) => [relayEventStatement(nid, three)]);
      const own = { type: 'm.room.message', sender: alice, content: { body: 'by a resident' } };
      await appendEvent(graph, roomId, own, (nid) => [withholdEventStatement(nid)]);
      await given.settle();
      for (const server of [one, two]) {
        const pdus = given.peer(server).taken.flatMap(({ body }) => body.pdus);
        assert.deepEqual(
          pdus.map((pdu) => pdu['sender']),
          [`@dora:${three}`],
        );
      }
      assert.deepEqual(given.peer(three).taken, []);
    });

    test('one transaction at a time, of 50 events at most, in order', async () => {
      const roomId = await roomWith(one);
      const peer = given.peer(one);
      const gate = Promise.withResolvers<void>();
      peer.answer = async () => {
        await gate.promise;
        return { pdus: {} };
      };
      const bodies = Array.from({ length: 120 }, (_, index) => `message ${index}`);
      await Promise.all(bodies.map((body) => say(roomId, body)));
      await given.follower.catchUp();
      gate.resolve();
      await given.settle();
      assert.deepEqual(bodiesTakenBy(peer), bodies);
      assert.equal(peer.concurrentMost, 1);
      assert.ok(peer.taken.every(({ body }) => body.pdus.length <= 50));
      assert.equal(new Set(peer.taken.map(({ id }) => id)).size, peer.taken.length);
    });

    test('a destination that takes too long gets the newest of each room', async () => {
      const rooms = [await roomWith(one), await roomWith(one)];
      const peer = given.peer(one);
      const gate = Promise.withResolvers<void>();
      peer.answer = async () => {
        await gate.promise;
        return { pdus: {} };
      };
      const bodies = Array.from({ length: queuedPdusMax + 1 }, (_, index) => `message ${index}`);
      await Promise.all(bodies.map((body, index) => say(rooms[index % 2] ?? '', body)));
      await given.follower.catchUp();
      gate.resolve();
      await given.settle();
      const taken = bodiesTakenBy(peer);
      assert.ok(taken.length < queuedPdusMax);
      assert.deepEqual(new Set(taken.slice(-2)), new Set(bodies.slice(-2)));
    });

    test('events that share an order come, also where a transaction ends between them', async () => {
      const roomId = await roomWith(one);
      const nids: number[] = [];
      for (let index = 0; index < pdusPerTransactionMax + 2; index += 1) {
        const eventId = await say(roomId, `${index}`);
        const row = await readEventById(graph.database.reader, eventId);
        nids.push(row?.event_nid ?? 0);
      }
      await given.settle();
      const { taken } = given.peer(one);
      const takenBefore = taken.length;
      const shared = pdusPerTransactionMax - 1;
      const pdus = nids.map((eventNid, index) => ({
        eventNid,
        order: Math.min(index, shared) + 1,
      }));
      given.sender.deliver(new Map([[one, pdus]]));
      await given.settle();
      const counts = taken.slice(takenBefore).map(({ body }) => body.pdus.length);
      assert.deepEqual(counts, [shared, 3]);
    });

    test('after an outage every room is caught up with, by its newest event', async () => {
      const rooms: string[] = [];
      for (let index = 0; index < 20; index += 1) rooms.push(await roomWith(one, two));
      const peer = given.peer(one);
      let refusals = 0;
      peer.answer = () => {
        refusals += 1;
        throw unreachable(one);
      };
      for (const round of ['first', 'last']) {
        for (const [index, roomId] of rooms.entries()) await say(roomId, `${round} ${index}`);
        await given.settle();
      }
      assert.equal(refusals, 1, 'left alone after the first failure');
      assert.equal(bodiesTakenBy(given.peer(two)).length, 40);
      peer.answer = () => ({ pdus: {} });
      await given.destinations.heardFrom(one);
      await given.settle();
      assert.deepEqual(
        bodiesTakenBy(peer),
        rooms.map((_, index) => `last ${index}`),
      );
      await say(rooms[0] ?? '', 'as before');
      await given.settle();
      assert.equal(bodiesTakenBy(peer).at(-1), 'as before');
    });

    test('a destination that left during its outage gets the leave alone', async () => {
      const roomId = await roomWith(one, two);
      const peer = given.peer(one);
      peer.answer = () => {
        throw unreachable(one);
      };
      await say(roomId, 'missed');
      await setMember(graph, roomId, `@bob:${one}`, 'ban', alice);
      await say(roomId, 'secret');
      await given.settle();
      peer.answer = () => ({ pdus: {} });
      await given.destinations.heardFrom(one);
      await given.settle();
      const pdus = peer.taken.flatMap(({ body }) => body.pdus);
      assert.deepEqual(
        pdus.map((pdu) => pdu['state_key']),
        [`@bob:${one}`],
      );
    });

    test('it is asked again when its time has come, without being heard from', async () => {
      const roomId = await roomWith(one);
      const peer = given.peer(one);
      peer.answer = () => {
        throw unreachable(one);
      };
      await say(roomId, 'missed');
      await given.settle();
      peer.answer = () => ({ pdus: {} });
      graph.clock.nowMs += 600_000;
      while (peer.taken.length === 0) await sleep(20);
      assert.deepEqual(bodiesTakenBy(peer), ['missed']);
    });

    test('an event that was redacted before it was sent, is sent without its content', async () => {
      const roomId = await roomWith(one);
      const peer = given.peer(one);
      const gate = Promise.withResolvers<void>();
      peer.answer = async () => {
        await gate.promise;
        return { pdus: {} };
      };
      await say(roomId, 'first');
      while (given.network.underWay === 0) await sleep(2);
      const redacted = await say(roomId, 'secret');
      await given.follower.catchUp();
      const content = { redacts: redacted };
      const draft = { type: 'm.room.redaction', sender: alice, redacts: redacted, content };
      await appendEvent(graph, roomId, draft);
      gate.resolve();
      await given.settle();
      assert.ok(peer.taken.every(({ text }) => !text.includes('secret')));
      const pdus = peer.taken.flatMap(({ body }) => body.pdus);
      assert.deepEqual(
        pdus.map((pdu) => pdu['content']),
        [{ msgtype: 'm.text', body: 'first' }, {}, content],
      );
      assert.deepEqual(Object.keys(pdus[1]?.['signatures'] ?? {}), [SERVER_NAME]);
    });

    test('many destinations get their event, so many at a time, and leave nothing behind', async () => {
      const names = Array.from({ length: 150 }, (_, index) => `many${index}-${one}`);
      const roomId = await createPublicRoom(graph.rooms, alice);
      await Promise.all(names.map((name) => setMember(graph, roomId, `@bob:${name}`, 'join')));
      await given.settle();
      const gate = Promise.withResolvers<void>();
      for (const name of names) {
        given.peer(name).answer = async () => {
          await gate.promise;
          return { pdus: {} };
        };
      }
      await say(roomId, 'hello');
      await given.follower.catchUp();
      while (given.network.underWay < concurrentTransactionsMax) await sleep(5);
      gate.resolve();
      await given.settle();
      for (const name of names) assert.deepEqual(bodiesTakenBy(given.peer(name)), ['hello']);
      assert.equal(given.network.concurrentMost, concurrentTransactionsMax);
      assert.equal(given.sender.isBusy, false);
    });

    test('what happens when its time has come does not hide what it missed', async () => {
      const rooms = [await roomWith(one), await roomWith(one)];
      const peer = given.peer(one);
      peer.answer = () => {
        throw unreachable(one);
      };
      await say(rooms[0] ?? '', 'missed');
      await given.settle();
      peer.answer = () => ({ pdus: {} });
      graph.clock.nowMs += 600_000;
      await say(rooms[1] ?? '', 'new');
      await given.settle();
      assert.deepEqual(bodiesTakenBy(peer), ['missed', 'new']);
    });

    test('while it cannot be reached, a destination is asked for the same transaction', async () => {
      const roomId = await roomWith(one);
      const peer = given.peer(one);
      const ids: string[] = [];
      const cause = new OutboundError('connection', 'refused');
      peer.answer = ({ id }) => {
        ids.push(id);
        throw new FederationError('unreachable', one, 'not there', { cause });
      };
      await say(roomId, 'hello');
      await given.settle();
      assert.equal(ids.length, 3, 'once, and again as often as is configured');
      assert.equal(new Set(ids).size, 1);
      assert.notEqual(await given.destinations.retryAtMs(one), undefined);
    });

    test('what was not answered before the end is sent by the next run', async () => {
      const roomId = await roomWith(one);
      given.peer(one).answer = () => new Promise(() => {});
      await say(roomId, 'unanswered');
      await given.follower.catchUp();
      await given.close();
      assert.deepEqual(given.peer(one).taken, []);
      given = await openSender(graph);
      await given.settle();
      assert.deepEqual(bodiesTakenBy(given.peer(one)), ['unanswered']);
    });
  });
}
