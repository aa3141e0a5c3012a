import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { testEngines } from '../../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../../tests/harness/engines.ts';
import { OutboundLog } from '../../federation-sender/outbound-log.ts';
import { ServersAlongLog } from '../../federation-sender/servers-along-log.ts';
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

    test('one that left by itself hears nothing of it', async () => {
      const roomId = await roomOfTwo();
      const carol = c.user('carol');
      await c.join(a, roomId, carol);
      const leave = await c.send(roomId, member(carol, carol, 'leave'));
      assert.equal((await a.receive(c, roomId, await c.json(leave))).kind, 'accepted');
      assert.ok(!(await wasSent(c, leave)));
    });
  });
}
