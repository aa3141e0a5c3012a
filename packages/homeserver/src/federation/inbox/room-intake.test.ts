import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { supportedRoomVersions } from '@soma/protocol';

import { testEngines } from '../../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../../tests/harness/engines.ts';
import { ServerUnderTest, TestNetwork } from './servers-under-test.ts';

const message = (sender: string, body: string) => ({
  type: 'm.room.message',
  sender,
  content: { msgtype: 'm.text', body },
});
const topic = (sender: string, text: string) => ({
  type: 'm.room.topic',
  stateKey: '',
  sender,
  content: { topic: text },
});

for (const engine of testEngines()) {
  describe(`events of other servers (${engine.name})`, () => {
    const made: TestDatabase[] = [];
    const network = new TestNetwork();
    let a: ServerUnderTest;
    let b: ServerUnderTest;
    before(async () => {
      for (let count = 0; count < 2; count += 1) made.push(await engine.createDatabase());
      a = await ServerUnderTest.open(network, 'a.test', made[0]?.config ?? {});
      b = await ServerUnderTest.open(network, 'b.test', made[1]?.config ?? {});
    });
    after(async () => {
      await a.database.close();
      await b.database.close();
      for (const database of made) await database.drop();
    });

    async function assertSound(): Promise<void> {
      assert.deepEqual(await a.problems(), []);
      assert.deepEqual(await b.problems(), []);
    }

    for (const versionId of supportedRoomVersions()) {
      test(`a room of version ${versionId} is joined, and lives on at both servers`, async () => {
        const [alice, bob] = [a.user('alice'), b.user('bob')];
        const roomId = await a.createRoom(alice, versionId);
        await b.join(a, roomId, bob);
        assert.deepEqual(await b.state(roomId), await a.state(roomId));
        const hello = await b.send(roomId, message(bob, 'hello'));
        const received = await a.receive(b, roomId, await b.json(hello));
        assert.equal(received.kind, 'accepted');
        const set = await a.send(roomId, topic(alice, 'news'));
        assert.equal((await b.receive(a, roomId, await a.json(set))).kind, 'accepted');
        assert.deepEqual(await b.state(roomId), await a.state(roomId));
        await assertSound();
      });
    }

    test('an event that comes twice is stored once', async () => {
      const [alice, bob] = [a.user('alice'), b.user('bob')];
      const roomId = await a.createRoom(alice, '12');
      await b.join(a, roomId, bob);
      const json = await b.json(await b.send(roomId, message(bob, 'once')));
      const verdicts = await Promise.all([1, 2, 3].map(() => a.receive(b, roomId, json)));
      assert.deepEqual(
        verdicts.map(({ kind }) => kind),
        ['accepted', 'accepted', 'accepted'],
      );
      await assertSound();
    });

    test('two topics that are set at once resolve to the same one at both servers', async () => {
      const [alice, bob] = [a.user('alice'), b.user('bob')];
      const roomId = await a.createRoom(alice, '11');
      await b.join(a, roomId, bob);
      const ofA = await a.send(roomId, topic(alice, 'of a'));
      const ofB = await b.send(roomId, topic(bob, 'of b'));
      assert.equal((await a.receive(b, roomId, await b.json(ofB))).kind, 'accepted');
      assert.equal((await b.receive(a, roomId, await a.json(ofA))).kind, 'accepted');
      assert.deepEqual(await b.state(roomId), await a.state(roomId));
      await assertSound();
      const joined = await b.send(roomId, message(bob, 'both'));
      assert.equal((await a.receive(b, roomId, await b.json(joined))).kind, 'accepted');
      await assertSound();
    });
  });
}
