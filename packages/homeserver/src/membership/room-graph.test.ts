import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { after, afterEach, before, describe, test } from 'node:test';

import fc from 'fast-check';

import { referenceTo, referencedId, roomVersion, supportedRoomVersions } from '@soma/protocol';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { MatrixError } from '../errors/matrix-error.ts';
import { checkDatabase } from '../rooms/check-database.ts';
import { readEventById } from '../rooms/event-store.ts';
import type { EventRow } from '../rooms/event-store.ts';
import { sendEvent } from '../rooms/send-event.ts';
import { broken } from '../storage/intercepted-database-under-test.ts';
import { changeMembership } from './change-membership.ts';
import type { MembershipRequest } from './change-membership.ts';
import { alice, bob, carol, createPublicRoom, openRoomGraph } from './room-graph-under-test.ts';
import type { RoomGraphUnderTest } from './room-graph-under-test.ts';

const sha256 = (text: string) => hash('sha256', text, 'base64');

interface Step {
  readonly kind: 'send' | 'state' | 'redact' | MembershipRequest['action'];
  readonly sender: string;
  readonly target: string;
  readonly value: number;
}

const users = fc.constantFrom(alice, bob, carol);
const steps: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom<Step['kind'][]>(
    ...(['send', 'send', 'state', 'redact', 'join', 'join', 'leave'] as const),
    ...(['invite', 'kick', 'ban', 'unban', 'knock'] as const),
  ),
  sender: users,
  target: users,
  value: fc.integer({ min: 0, max: 2 }),
});
/** What stands in one list is asked at the same time. */
const scripts = fc.array(fc.array(steps, { minLength: 1, maxLength: 5 }), { maxLength: 12 });

for (const engine of testEngines()) {
  describe(`the room graph (${engine.name})`, () => {
    let made: TestDatabase;
    let graph: RoomGraphUnderTest;
    before(async () => {
      made = await engine.createDatabase();
      graph = await openRoomGraph(made.config);
    });
    afterEach(() => {
      graph.database.intercept = (change) => change;
      graph.database.held = undefined;
    });
    after(async () => {
      await graph.database.close();
      await made.drop();
    });

    function send(roomId: string, sender: string, transactionId?: string): Promise<string> {
      return sendEvent(graph.rooms, {
        roomId,
        sender,
        type: 'm.room.message',
        content: { body: 'hello' },
        transaction: transactionId === undefined ? undefined : { deviceNid: 1, transactionId },
      });
    }

    function setTopic(roomId: string, sender: string, topic: string): Promise<string> {
      const [type, stateKey] = ['m.room.topic', ''];
      return sendEvent(graph.rooms, { roomId, sender, type, stateKey, content: { topic } });
    }

    async function member(
      roomId: string,
      sender: string,
      action: MembershipRequest['action'],
      target = sender,
    ): Promise<string> {
      const roomNid = await graph.rooms.names.rooms.intern(roomId);
      return (await changeMembership(graph.rooms, { roomNid, sender, target, action })).value;
    }

    async function take(roomId: string, last: string[], step: Step): Promise<void> {
      const { kind, sender, target, value } = step;
      if (kind === 'send') last.push(await send(roomId, sender));
      else if (kind === 'state') last.push(await setTopic(roomId, sender, `topic ${value}`));
      else if (kind === 'redact') {
        const redacts = last.at(-1 - value) ?? '$none';
        const content = { redacts };
        await sendEvent(graph.rooms, {
          roomId,
          sender,
          type: 'm.room.redaction',
          content,
          redacts,
        });
      } else {
        const isOwn = kind === 'join' || kind === 'leave' || kind === 'knock';
        await member(roomId, sender, kind, isOwn ? sender : target);
      }
    }

    async function assertSound(): Promise<void> {
      const { problems } = await checkDatabase(graph.database);
      assert.deepEqual(problems, []);
    }

    async function stored(eventId: string): Promise<EventRow> {
      const row = await readEventById(graph.database.reader, eventId);
      assert.ok(row !== undefined, `${eventId} is not stored`);
      return row;
    }

    test('whatever several users do at the same time, the database stays sound', async () => {
      await fc.assert(
        fc.asyncProperty(
          scripts,
          fc.constantFrom(...supportedRoomVersions()),
          async (script, version) => {
            const roomId = await createPublicRoom(graph.rooms, alice, version);
            const last: string[] = [];
            for (const together of script) {
              const done = await Promise.allSettled(
                together.map((step) => take(roomId, last, step)),
              );
              for (const one of done) {
                if (one.status === 'rejected')
                  assert.ok(one.reason instanceof MatrixError, one.reason);
              }
            }
            for (const eventId of last) await stored(eventId);
            await assertSound();
          },
        ),
        { numRuns: 12 },
      );
    });

    test('however commits fail, the others succeed and the database stays sound', async () => {
      const failing = fc.array(fc.boolean(), { minLength: 12, maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(failing, async (fails) => {
          const roomId = await createPublicRoom(graph.rooms, alice);
          await member(roomId, bob, 'join');
          let changes = 0;
          graph.database.intercept = (change) => {
            if (change.positions === 0) return change;
            changes += 1;
            return fails[changes - 1] === true ? broken(change) : change;
          };
          const done = await Promise.allSettled(
            fails.map((_, index) =>
              index % 3 === 0 ? setTopic(roomId, bob, `${index}`) : send(roomId, alice),
            ),
          );
          graph.database.intercept = (change) => change;
          await send(roomId, alice);
          for (const one of done) if (one.status === 'fulfilled') await stored(one.value);
          const failed = done.filter(({ status }) => status === 'rejected').length;
          assert.ok(failed <= fails.filter((each) => each).length);
          await assertSound();
        }),
        { numRuns: 8 },
      );
    });

    test('a commit that fails is its sender’s alone: the next send builds on what was there', async () => {
      const roomId = await createPublicRoom(graph.rooms, alice);
      const previous = await send(roomId, alice);
      graph.database.intercept = broken;
      await assert.rejects(send(roomId, alice), /null/i);
      graph.database.intercept = (change) => change;
      const next = await stored(await send(roomId, alice));
      assert.deepEqual(JSON.parse(next.json).prev_events, [previous]);
      await assertSound();
    });

    test('in versions 1 and 2 events name others by ID and reference hash', async () => {
      for (const id of ['1', '2']) {
        const version = roomVersion(id);
        assert.ok(version !== undefined);
        const roomId = await createPublicRoom(graph.rooms, alice, id);
        await member(roomId, bob, 'join');
        const previous = await stored(await send(roomId, bob));
        // Its head must be read from the database again, as after a start.
        const { heads, names } = graph.rooms;
        const head = await heads.run(await names.rooms.intern(roomId), async (found) => found);
        assert.ok(head !== undefined);
        heads.drop(head);
        const next = await send(roomId, bob);
        const pdu = JSON.parse((await stored(next)).json);
        const referenceOf = async (eventId: string) => {
          const { json } = await stored(eventId);
          return referenceTo(JSON.parse(json), eventId, version, { sha256 });
        };
        assert.deepEqual(pdu.prev_events, [await referenceOf(previous.event_id)]);
        assert.equal(pdu.auth_events.length, 3);
        for (const reference of pdu.auth_events) {
          assert.deepEqual(reference, await referenceOf(referencedId(reference)));
        }
      }
      await assertSound();
    });

    test('those who sent at the same time as one whose commit fails are answered', async () => {
      const roomId = await createPublicRoom(graph.rooms, alice);
      let changes = 0;
      graph.database.intercept = (change) => {
        changes += 1;
        return changes === 3 ? broken(change) : change;
      };
      const done = await Promise.allSettled(Array.from({ length: 10 }, () => send(roomId, alice)));
      graph.database.intercept = (change) => change;
      assert.equal(done.filter(({ status }) => status === 'rejected').length, 1);
      const sent = done.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      assert.equal(new Set(sent).size, 9);
      for (const eventId of sent) await stored(eventId);
      await assertSound();
    });

    test('a request whose commit failed may be repeated with its transaction ID', async () => {
      const roomId = await createPublicRoom(graph.rooms, alice);
      graph.database.intercept = broken;
      await assert.rejects(send(roomId, alice, 'again'), /null/i);
      graph.database.intercept = (change) => change;
      const first = await send(roomId, alice, 'again');
      assert.equal(await send(roomId, alice, 'again'), first);
      await stored(first);
    });

    test('an answer that names the event of another request waits for its commit', async () => {
      const roomId = await createPublicRoom(graph.rooms, alice);
      await setTopic(roomId, alice, 'before');
      const ask = [() => setTopic(roomId, alice, 'the same'), () => member(roomId, bob, 'join')];
      for (const each of ask) {
        const { promise: held, resolve: release } = Promise.withResolvers<void>();
        graph.database.held = held;
        let answers = 0;
        const both = [each(), each()].map((one) => one.finally(() => (answers += 1)));
        for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
        assert.equal(answers, 0);
        release();
        graph.database.held = undefined;
        const [first, second] = await Promise.all(both);
        assert.equal(first, second);
      }
    });

    test('an answer never names an event whose commit fails', async () => {
      const roomId = await createPublicRoom(graph.rooms, alice);
      await setTopic(roomId, alice, 'before');
      for (const ask of [
        () => setTopic(roomId, alice, 'the same'),
        () => member(roomId, bob, 'join'),
      ]) {
        let changes = 0;
        graph.database.intercept = (change) => {
          if (change.positions > 0) changes += 1;
          return changes === 1 ? broken(change) : change;
        };
        const done = await Promise.allSettled([ask(), ask()]);
        graph.database.intercept = (change) => change;
        assert.deepEqual(
          done.map(({ status }) => status),
          ['rejected', 'fulfilled'],
        );
        for (const one of done) if (one.status === 'fulfilled') await stored(one.value);
      }
      await assertSound();
    });

    test('a room whose commit fails is not there, and others can be made', async () => {
      graph.database.intercept = (change) => (change.positions > 1 ? broken(change) : change);
      await assert.rejects(createPublicRoom(graph.rooms, alice), /null/i);
      graph.database.intercept = (change) => change;
      await send(await createPublicRoom(graph.rooms, alice), alice);
      await assertSound();
    });

    for (const version of ['11', '12']) {
      test(`rooms made alike in the same millisecond are different rooms, version ${version}`, async () => {
        const asked = Array.from({ length: 5 }, () =>
          createPublicRoom(graph.rooms, alice, version),
        );
        const roomIds = await Promise.all(asked);
        assert.equal(new Set(roomIds).size, 5);
        for (const roomId of roomIds) await send(roomId, alice);
        await assertSound();
      });
    }
  });
}
