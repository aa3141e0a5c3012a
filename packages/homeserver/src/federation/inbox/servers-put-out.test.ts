import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { testEngines } from '../../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../../tests/harness/engines.ts';
import { OutboundLog } from '../../federation-sender/outbound-log.ts';
import { readNewest } from '../../federation-sender/pdu-store.ts';
import { ServersAlongLog } from '../../federation-sender/servers-along-log.ts';
import { readWasPutOut } from '../../federation-sender/servers-put-out-store.ts';
import { readEventById } from '../../rooms/event-store.ts';
import { LogFollower } from '../../streams/log-follower.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { member, message } from './drafts-under-test.ts';
import { answerFrom } from './history-under-test.ts';
import { ServerUnderTest, TestNetwork } from './servers-under-test.ts';

for (const engine of testEngines()) {
  describe(`servers that are put out of a room (${engine.name})`, () => {
    const made: TestDatabase[] = [];
    const network = new TestNetwork();
    /** Event nids that are to be sent, by server. */
    const sent = new Map<string, number[]>();
    let follower: LogFollower;
    let a: ServerUnderTest;
    let b: ServerUnderTest;
    let c: ServerUnderTest;
    before(async () => {
      const open = async (name: string): Promise<ServerUnderTest> => {
        const database = await engine.createDatabase();
        made.push(database);
        return ServerUnderTest.open(network, name, database.config);
      };
      [a, b, c] = [await open('a.test'), await open('b.test'), await open('c.test')];
      network.answer = (request) => answerFrom(a, request);
      const { logger } = createLogger({ level: 'silent' });
      const log = new OutboundLog({
        serverName: a.name,
        servers: new ServersAlongLog(a.database, a.name),
        sender: {
          deliver: (pdus) => {
            for (const [server, list] of pdus) {
              const nids = list.map(({ eventNid }) => eventNid);
              sent.set(server, [...(sent.get(server) ?? []), ...nids]);
            }
          },
          deliverStoredEdus: () => {},
        },
        receiptPace: { tell: () => {} },
        allows: () => true,
      });
      follower = await LogFollower.open(a.database, logger, log);
    });
    after(async () => {
      await follower.close();
      for (const server of [a, b, c]) await server.database.close();
      for (const database of made) await database.drop();
    });

    async function wasSent(server: ServerUnderTest, eventId: string): Promise<boolean> {
      await follower.catchUp();
      const row = await readEventById(a.database.reader, eventId);
      assert.ok(row !== undefined);
      return sent.get(server.name)?.includes(row.event_nid) === true;
    }

    /** A room of alice's at a, in which bob of b may ban. */
    async function roomOfTwo(): Promise<string> {
      const roomId = await a.createRoom(a.user('alice'), '11');
      await b.join(a, roomId, b.user('bob'));
      await a.send(roomId, {
        type: 'm.room.power_levels',
        stateKey: '',
        sender: a.user('alice'),
        content: { users: { [a.user('alice')]: 100, [b.user('bob')]: 50 } },
      });
      const [end = ''] = await a.extremities(roomId);
      await b.receive(a, roomId, await a.json(end));
      return roomId;
    }

    test('one that the sender did not know to be there hears of it from who did', async () => {
      const roomId = await roomOfTwo();
      const carol = c.user('carol');
      const ban = await b.send(roomId, member(b.user('bob'), carol, 'ban'));
      await c.join(a, roomId, carol);
      assert.equal((await a.receive(b, roomId, await b.json(ban))).kind, 'accepted');
      assert.equal((await a.state(roomId))[`m.room.member|${carol}`], ban);
      assert.ok(await wasSent(c, ban));
      assert.ok(!(await wasSent(b, ban)));
      assert.equal((await c.receive(a, roomId, await a.json(ban))).kind, 'accepted');
      assert.deepEqual(await c.state(roomId), await a.state(roomId));
    });

    test('one that the sender knew to be there hears of it from the sender', async () => {
      const roomId = await roomOfTwo();
      const carol = c.user('carol');
      const join = await c.join(a, roomId, carol);
      await b.receive(a, roomId, await a.json(join));
      const said = await b.send(roomId, message(b.user('bob'), 'welcome'));
      const ban = await b.send(roomId, member(b.user('bob'), carol, 'ban'));
      for (const id of [said, ban]) await a.receive(b, roomId, await b.json(id));
      assert.equal((await a.state(roomId))[`m.room.member|${carol}`], ban);
      assert.ok(!(await wasSent(c, ban)));
    });

    test('one that the sender told before its user came once more hears of it again', async () => {
      const roomId = await roomOfTwo();
      const carol = c.user('carol');
      const join = await c.join(a, roomId, carol);
      await b.receive(a, roomId, await a.json(join));
      const ban = await b.send(roomId, member(b.user('bob'), carol, 'ban'));
      const again = await c.send(roomId, member(carol, carol, 'join'));
      assert.equal((await a.receive(c, roomId, await c.json(again))).kind, 'accepted');
      assert.equal((await a.receive(b, roomId, await b.json(ban))).kind, 'accepted');
      assert.equal((await a.state(roomId))[`m.room.member|${carol}`], ban);
      assert.ok(await wasSent(c, ban));
    });

    test('one that left by itself hears nothing of it', async () => {
      const roomId = await roomOfTwo();
      const carol = c.user('carol');
      await c.join(a, roomId, carol);
      const leave = await c.send(roomId, member(carol, carol, 'leave'));
      assert.equal((await a.receive(c, roomId, await c.json(leave))).kind, 'accepted');
      assert.ok(!(await wasSent(c, leave)));
    });

    /**
     * Carol and dave of c join a room and carol closes it, while erin of b, who has not heard of them, joins it too:
     * resolution leaves dave and erin without a membership. At c erin's join is soft-failed.
     */
    async function roomWithoutDave(): Promise<{ roomId: string; ends: readonly string[] }> {
      const [alice, carol, erin] = [a.user('alice'), c.user('carol'), b.user('erin')];
      const roomId = await roomOfTwo();
      const content = { users: { [alice]: 100, [carol]: 100 } };
      const draft = { type: 'm.room.power_levels', stateKey: '', sender: alice, content };
      const allowed = await a.send(roomId, draft);
      await b.receive(a, roomId, await a.json(allowed));
      await c.join(a, roomId, carol);
      const meanwhile = await b.send(roomId, member(erin, erin, 'join'));
      const dave = await c.send(roomId, member(c.user('dave'), c.user('dave'), 'join'));
      const rules = { type: 'm.room.join_rules', stateKey: '', sender: carol };
      const closed = await c.send(roomId, { ...rules, content: { join_rule: 'invite' } });
      for (const [from, id] of [
        [b, meanwhile],
        [c, dave],
        [c, closed],
      ] as const) {
        assert.equal((await a.receive(from, roomId, await from.json(id))).kind, 'accepted');
      }
      assert.equal((await a.state(roomId))[`m.room.member|${c.user('dave')}`], undefined);
      return { roomId, ends: [meanwhile, closed] };
    }

    test('one whose user is left without a membership hears of the sides that did so', async () => {
      const { ends } = await roomWithoutDave();
      for (const id of ends) assert.ok(await wasSent(c, id));
    });

    test('one that is put out without a word gets the next event, and sees it', async () => {
      const { roomId } = await roomWithoutDave();
      const carol = c.user('carol');
      const leave = await c.send(roomId, member(carol, carol, 'leave'));
      assert.equal((await a.receive(c, roomId, await c.json(leave))).kind, 'accepted');
      const next = await a.send(roomId, message(a.user('alice'), 'next'));
      const last = await a.send(roomId, message(a.user('alice'), 'last'));
      assert.ok(await wasSent(c, next));
      assert.ok(!(await wasSent(c, last)));
      assert.equal((await c.receive(a, roomId, await a.json(next))).kind, 'accepted');
      assert.deepEqual(await c.state(roomId), await a.state(roomId));
      const { reader } = a.database;
      const roomNid = await a.roomNid(roomId);
      assert.ok(await readWasPutOut(reader, roomNid, c.name));
      await a.send(roomId, member(a.user('alice'), carol, 'invite'));
      await c.join(a, roomId, carol);
      await follower.catchUp();
      assert.ok(!(await readWasPutOut(reader, roomNid, c.name)));
    });

    test('one that was away when it was put out gets the ends that the room had then', async () => {
      const { roomId, ends } = await roomWithoutDave();
      await a.send(roomId, message(a.user('alice'), 'secret'));
      const { reader } = a.database;
      const rows = await Promise.all(ends.map((id) => readEventById(reader, id)));
      const lastOrder = Math.max(...rows.map((row) => row?.event_order ?? 0));
      const room = { roomNid: await a.roomNid(roomId), lastOrder };
      assert.deepEqual(
        (await readNewest(reader, room, 0, false)).toSorted((x, y) => x - y),
        rows.map((row) => row?.event_nid ?? 0).toSorted((x, y) => x - y),
      );
    });
  });
}
