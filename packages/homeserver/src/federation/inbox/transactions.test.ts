import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { parseServerName } from '@soma/protocol';
import type { ServerName } from '@soma/protocol';

import { testEngines } from '../../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../../tests/harness/engines.ts';
import { FederationError } from '../../federation-client/federation-error.ts';
import { readEventById } from '../../rooms/event-store.ts';
import type { RoomIntake } from '../../rooms/inbound/room-intake.ts';
import { write } from '../../storage/database.ts';
import { createLogger } from '../../telemetry/logger.ts';
import type { Edu } from '../edus/edu-type.ts';
import { answerFrom } from './history-under-test.ts';
import { postponeStatement, readAnswer, readIncompleteNext, readWaiting } from './inbox-store.ts';
import type { InboxRow } from './inbox-store.ts';
import { Inbox } from './inbox.ts';
import { answersOfOriginMax, attemptsMax, transactionsAtOnceMax } from './limits.ts';
import { Transactions } from './receive-transaction.ts';
import { ServerUnderTest, TestNetwork } from './servers-under-test.ts';

const { logger } = createLogger({ level: 'silent' });

for (const engine of testEngines()) {
  describe(`transactions (${engine.name})`, () => {
    const made: TestDatabase[] = [];
    const network = new TestNetwork();
    const edus: (readonly Edu[])[] = [];
    let a: ServerUnderTest;
    let b: ServerUnderTest;
    let origin: ServerName;
    let inbox: Inbox;
    let transactions: Transactions;
    let count = 0;

    before(async () => {
      for (let index = 0; index < 2; index += 1) made.push(await engine.createDatabase());
      a = await ServerUnderTest.open(network, 'a.test', made[0]?.config ?? {});
      b = await ServerUnderTest.open(network, 'b.test', made[1]?.config ?? {});
      const parsed = parseServerName(b.name);
      assert.ok(parsed !== undefined);
      origin = parsed;
      await open(a.intake);
    });
    after(async () => {
      await inbox.close();
      await a.database.close();
      await b.database.close();
      for (const database of made) await database.drop();
    });

    /** As at a start of the server. */
    async function open(intake: RoomIntake): Promise<void> {
      const { rooms, keyRing } = a;
      inbox = await Inbox.open({ rooms, intake, logger });
      const receive = async (_: string, received: readonly Edu[]): Promise<void> => {
        edus.push(received);
      };
      transactions = new Transactions({ rooms, keyRing, inbox, edus: { receive } });
    }

    async function send(body: object, id = `${(count += 1)}`): Promise<unknown> {
      return JSON.parse(await transactions.receive(origin, id, JSON.stringify(body)));
    }

    async function sharedRoom(): Promise<string> {
      const roomId = await a.createRoom(a.user('alice'), '11');
      await b.join(a, roomId, b.user('bob'));
      return roomId;
    }

    async function message(roomId: string, body: string) {
      const draft = { type: 'm.room.message', sender: b.user('bob'), content: { body } };
      const eventId = await b.send(roomId, draft);
      return { eventId, pdu: JSON.parse(await b.json(eventId)) };
    }

    async function roomNidOf(roomId: string): Promise<number> {
      return (await a.rooms.names.rooms.find(roomId)) ?? assert.fail();
    }

    /** Resolves when the event has its place. */
    async function arrived(eventId: string): Promise<void> {
      const deadline = performance.now() + 10_000;
      while ((await readEventById(a.database.reader, eventId)) === undefined) {
        assert.ok(performance.now() < deadline, `${eventId} has not come`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }

    /** How often others were asked about the first event of the room that waits for what it stands on. */
    async function attemptsOf(roomId: string): Promise<number | undefined> {
      return (await firstWaiting(roomId))?.attempts;
    }

    async function firstWaiting(roomId: string): Promise<InboxRow | undefined> {
      const { reader } = a.database;
      const roomNid = await roomNidOf(roomId);
      return (await readIncompleteNext(reader, roomNid, origin, Number.MAX_SAFE_INTEGER, 1))[0];
    }

    async function untilTried(
      roomId: string,
      isEnough: (attempts: number | undefined) => boolean,
    ): Promise<void> {
      const deadline = performance.now() + 10_000;
      while (!isEnough(await attemptsOf(roomId))) {
        assert.ok(performance.now() < deadline, 'it is not tried');
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }

    test('its events are answered one by one, and come into their room', async () => {
      const roomId = await sharedRoom();
      const one = await message(roomId, 'one');
      const two = await message(roomId, 'two');
      const forged = { ...two.pdu, origin_server_ts: 1 };
      const answer = await send({ pdus: [one.pdu, two.pdu, forged] });
      assert.deepEqual(
        Object.entries(Object(Object(answer).pdus)).map(([id, result]) => [
          id === one.eventId || id === two.eventId,
          Object.keys(Object(result)),
        ]),
        [
          [true, []],
          [true, []],
          [false, ['error']],
        ],
      );
      await arrived(two.eventId);
      assert.deepEqual(await a.problems(), []);
    });

    test('one that comes again gets the same answer, and changes nothing', async () => {
      const roomId = await sharedRoom();
      const { pdu, eventId } = await message(roomId, 'once');
      const body = { pdus: [pdu], edus: [{ edu_type: 'm.test', content: {} }] };
      edus.length = 0;
      const answers = await Promise.all([send(body, 'again'), send(body, 'again')]);
      assert.deepEqual(answers, [{ pdus: { [eventId]: {} } }, { pdus: { [eventId]: {} } }]);
      assert.deepEqual(await send({ pdus: [] }, 'again'), answers[0]);
      assert.equal(edus.length, 1);
      await arrived(eventId);
    });

    test('events of a room that this server is not in are answered with an error', async () => {
      const roomId = await b.createRoom(b.user('bob'), '12');
      const { pdu, eventId } = await message(roomId, 'elsewhere');
      assert.deepEqual(await send({ pdus: [pdu] }), {
        pdus: { [eventId]: { error: 'This server is not in the room' } },
      });
    });

    test('events of a server that the ACL denies are answered with an error', async () => {
      const roomId = await sharedRoom();
      await a.send(roomId, {
        type: 'm.room.server_acl',
        stateKey: '',
        sender: a.user('alice'),
        content: { allow: ['*'], deny: [b.name] },
      });
      const { pdu, eventId } = await message(roomId, 'denied');
      assert.deepEqual(await send({ pdus: [pdu] }), {
        pdus: { [eventId]: { error: 'The server is denied by the ACL of the room' } },
      });
    });

    test('more than 50 PDUs or 100 EDUs are refused, and what is no transaction', async () => {
      const edu = { edu_type: 'm.test', content: {} };
      for (const body of [
        { pdus: Array.from({ length: 51 }, () => ({})) },
        { pdus: [], edus: Array.from({ length: 101 }, () => edu) },
        { pdus: {} },
        [],
      ]) {
        await assert.rejects(send(body), { status: 400, errcode: 'M_BAD_JSON' });
      }
    });

    test('what is no PDU is left out of the answer', async () => {
      assert.deepEqual(await send({ pdus: [{}, 1, null, { room_id: '!a:b' }] }), { pdus: {} });
    });

    test('a server has no more transactions at once than it may, nor answers kept', async () => {
      const bodies = Array.from({ length: 10 }, () => send({ pdus: [] }));
      const refused = (await Promise.allSettled(bodies)).flatMap((each) =>
        each.status === 'rejected' ? [each.reason] : [],
      );
      assert.equal(refused.length, 10 - transactionsAtOnceMax);
      for (const reason of refused) assert.equal(Object(reason).errcode, 'M_LIMIT_EXCEEDED');
      await send({ pdus: [] }, 'the first');
      for (let sent = 0; sent < 2 * answersOfOriginMax; sent += transactionsAtOnceMax) {
        const each = Array.from({ length: transactionsAtOnceMax }, () => send({ pdus: [] }));
        await Promise.all(each);
      }
      assert.equal(await readAnswer(a.database.reader, origin, 'the first'), undefined);
      assert.notEqual(await readAnswer(a.database.reader, origin, `${count}`), undefined);
    });

    test('its EDUs are handed on, without those that are malformed', async () => {
      edus.length = 0;
      const edu = { edu_type: 'm.test', content: { a: 1 } };
      await send({ pdus: [], edus: [edu, 1, { edu_type: 2, content: {} }] });
      assert.deepEqual(edus, [[edu]]);
    });

    test('an event that could not be taken in is tried again when it is sent again', async () => {
      const roomId = await sharedRoom();
      await message(roomId, 'in the gap');
      const { pdu, eventId } = await message(roomId, 'after the gap');
      await send({ pdus: [pdu] });
      // It was asked about once.
      await untilTried(roomId, (attempts = 0) => attempts > 1);
      const { answer } = network;
      network.answer = (request) => answerFrom(b, request);
      await send({ pdus: [pdu] });
      await arrived(eventId);
      network.answer = answer;
      assert.deepEqual(await a.problems(), []);
    });

    test('an event is given up when a server lacks what it stands on, not when none is reached', async () => {
      const roomId = await sharedRoom();
      await message(roomId, 'in the gap');
      const { pdu } = await message(roomId, 'after the gap');
      const { answer } = network;
      for (const failure of ['unreachable', 'refused'] as const) {
        network.answer = async ({ destination }) => {
          throw new FederationError(failure, destination, 'no answer');
        };
        await send({ pdus: [pdu] });
        await untilTried(roomId, (attempts = 0) => attempts > 1);
        const row = (await firstWaiting(roomId)) ?? assert.fail();
        await write(a.database, {
          statements: [postponeStatement(row, attemptsMax, 0)],
          positions: 0,
        });
        await send({ pdus: [pdu] });
        await untilTried(roomId, (attempts) => attempts !== attemptsMax);
        const left = await attemptsOf(roomId);
        assert.equal(left, failure === 'unreachable' ? attemptsMax + 1 : undefined);
      }
      network.answer = answer;
    });

    test('what was answered and not taken in when the server was killed is taken in after', async () => {
      const roomId = await sharedRoom();
      await inbox.close();
      // It never comes to an end, as at a kill.
      const stuck: RoomIntake = { ...a.intake, receive: () => new Promise(() => {}) };
      await open(stuck);
      const killed = inbox;
      const { pdu, eventId } = await message(roomId, 'before the kill');
      assert.deepEqual(await send({ pdus: [pdu] }), { pdus: { [eventId]: {} } });
      assert.equal(await readEventById(a.database.reader, eventId), undefined);
      await open(a.intake);
      await arrived(eventId);
      while ((await readWaiting(a.database.reader)).length > 0) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      assert.ok(killed !== inbox);
      assert.deepEqual(await a.problems(), []);
    });
  });
}
