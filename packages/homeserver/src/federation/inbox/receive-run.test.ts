import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { JsonObject } from '@soma/protocol';

import { testEngines } from '../../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../../tests/harness/engines.ts';
import { readEventById } from '../../rooms/event-store.ts';
import type { Received } from '../../rooms/inbound/room-intake.ts';
import { broken } from '../../storage/intercepted-database-under-test.ts';
import { answerFrom } from './history-under-test.ts';
import { ServerUnderTest, TestNetwork } from './servers-under-test.ts';
import type { TestDraft } from './servers-under-test.ts';

const names = ['a.test', 'b.test', 'c.test'];

for (const engine of testEngines()) {
  describe(`events that are received in a run (${engine.name})`, () => {
    const made: TestDatabase[] = [];
    const network = new TestNetwork();
    let a: ServerUnderTest;
    let b: ServerUnderTest;
    let c: ServerUnderTest;
    before(async () => {
      const servers: ServerUnderTest[] = [];
      for (const name of names) {
        const database = await engine.createDatabase();
        made.push(database);
        servers.push(await ServerUnderTest.open(network, name, database.config));
      }
      const [one, two, three] = servers;
      assert.ok(one !== undefined && two !== undefined && three !== undefined);
      [a, b, c] = [one, two, three];
      network.answer = async (request) => answerFrom(a, request);
    });
    after(async () => {
      for (const server of [a, b, c]) await server.database.close();
      for (const database of made) await database.drop();
    });

    /** A room of a, which b and c are in. */
    async function sharedRoom(): Promise<string> {
      const roomId = await a.createRoom(a.user('alice'), '12');
      const joined = await b.join(a, roomId, b.user('bob'));
      await c.join(a, roomId, c.user('carol'));
      const others = await a.json(joined);
      assert.equal((await c.receive(b, roomId, others)).kind, 'accepted');
      for (const id of await a.extremities(roomId)) await b.receive(c, roomId, await a.json(id));
      return roomId;
    }

    function message(body: string, more: JsonObject = {}): TestDraft {
      const content = { msgtype: 'm.text', body, ...more };
      return { type: 'm.room.message', sender: a.user('alice'), content };
    }

    /** Sends at a, and gives the events as they were sent. */
    async function sendAll(roomId: string, drafts: readonly TestDraft[]): Promise<string[]> {
      const jsons: string[] = [];
      for (const draft of drafts) jsons.push(await a.json(await a.send(roomId, draft)));
      return jsons;
    }

    function kindsOf(results: readonly PromiseSettledResult<Received>[]): string[] {
      return results.map((result) => (result.status === 'rejected' ? 'failed' : result.value.kind));
    }

    /** What a server shows of the room's newest events, in its order. */
    async function timeline(server: ServerUnderTest, ids: readonly string[]) {
      const rows = await Promise.all(ids.map((id) => readEventById(server.database.reader, id)));
      const inOrder = rows.toSorted((x, y) => (x?.event_order ?? 0) - (y?.event_order ?? 0));
      return inOrder.map((row) => [row?.event_id, row?.flags, row?.depth]);
    }

    test('all kinds of events in one run lead to what they lead to one by one', async () => {
      const roomId = await sharedRoom();
      const sender = a.user('alice');
      const first = await a.send(roomId, message('first'));
      const relates = { 'm.relates_to': { rel_type: 'm.thread', event_id: first } };
      const jsons = [
        await a.json(first),
        ...(await sendAll(roomId, [
          message('second'),
          message('in a thread', relates),
          { type: 'm.room.redaction', sender, content: { redacts: first }, redacts: first },
          { type: 'm.room.topic', stateKey: '', sender, content: { topic: 'news' } },
          message('third'),
          message('fourth'),
        ])),
      ];
      const run = await b.receiveRun(a, roomId, jsons);
      const single: string[] = [];
      for (const json of jsons) single.push((await c.receive(a, roomId, json)).kind);
      assert.deepEqual(kindsOf(run), single);
      const ids = run.flatMap((result) =>
        result.status === 'fulfilled' && 'event' in result.value
          ? [result.value.event.eventId]
          : [],
      );
      assert.equal(ids.length, jsons.length);
      assert.deepEqual(await timeline(b, ids), await timeline(c, ids));
      assert.deepEqual(await b.state(roomId), await a.state(roomId));
      assert.deepEqual(await b.extremities(roomId), await a.extremities(roomId));
      assert.deepEqual(await b.problems(), []);
    });

    test('messages that follow one another share commits', async () => {
      const roomId = await sharedRoom();
      const drafts = Array.from({ length: 40 }, (_, index) => message(`${index}`));
      const jsons = await sendAll(roomId, drafts);
      let commits = 0;
      b.database.onCommit(() => (commits += 1));
      const results = await b.receiveRun(a, roomId, jsons);
      assert.deepEqual(new Set(kindsOf(results)), new Set(['accepted']));
      assert.ok(commits < 20, `${commits} commits`);
      const positions = results.map((result) =>
        result.status === 'fulfilled' && 'event' in result.value ? result.value.event.position : 0,
      );
      assert.deepEqual(
        positions,
        positions.toSorted((x, y) => x - y),
        'in their order',
      );
      assert.equal(new Set(positions).size, positions.length);
      assert.deepEqual(await b.problems(), []);
    });

    test('an event that is twice in a run, or known, is stored once', async () => {
      const roomId = await sharedRoom();
      const [first = '', second = ''] = await sendAll(roomId, [message('one'), message('two')]);
      const results = await b.receiveRun(a, roomId, [first, first, second, first, second]);
      assert.deepEqual(new Set(kindsOf(results)), new Set(['accepted']));
      const again = await b.receiveRun(a, roomId, [second]);
      assert.deepEqual(kindsOf(again), ['accepted']);
      assert.deepEqual(await b.problems(), []);
    });

    test('what is not allowed is rejected, and what follows it is not', async () => {
      const roomId = await sharedRoom();
      const sender = c.user('nobody');
      const stranger = await a.build(c, roomId, { ...message('let me in'), sender });
      const jsons = await sendAll(roomId, [message('one'), message('two')]);
      const results = await b.receiveRun(a, roomId, [stranger.json, ...jsons]);
      assert.deepEqual(kindsOf(results), ['rejected', 'accepted', 'accepted']);
      assert.deepEqual(await b.problems(), []);
    });

    test('a server that an ACL denies has none of its messages taken in', async () => {
      const roomId = await sharedRoom();
      const sender = a.user('alice');
      const content = { allow: ['*'], deny: [c.name] };
      const acl = { type: 'm.room.server_acl', stateKey: '', sender, content };
      const jsons = await sendAll(roomId, [acl, message('one')]);
      const [first = '', second = ''] = jsons;
      assert.deepEqual(kindsOf(await b.receiveRun(a, roomId, [first])), ['accepted']);
      assert.deepEqual(kindsOf(await b.receiveRun(c, roomId, [second])), ['refused']);
      assert.deepEqual(kindsOf(await b.receiveRun(a, roomId, [second])), ['accepted']);
      assert.deepEqual(await b.problems(), []);
    });

    test('when a commit fails, those that were built on it find their place another way', async () => {
      const roomId = await sharedRoom();
      const jsons = await sendAll(roomId, [message('one'), message('two'), message('three')]);
      let changes = 0;
      b.database.intercept = (change) => {
        const isEvent = change.positions > 0;
        changes += isEvent ? 1 : 0;
        return isEvent && changes === 1 ? broken(change) : change;
      };
      const results = await b.receiveRun(a, roomId, jsons);
      b.database.intercept = (change) => change;
      assert.deepEqual(kindsOf(results), ['failed', 'accepted', 'accepted']);
      assert.deepEqual(kindsOf(await b.receiveRun(a, roomId, jsons)), [
        'accepted',
        'accepted',
        'accepted',
      ]);
      assert.deepEqual(await b.extremities(roomId), await a.extremities(roomId));
      assert.deepEqual(await b.problems(), []);
    });
  });
}
