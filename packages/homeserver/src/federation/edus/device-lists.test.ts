import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { JsonObject, JsonValue, ServerName } from '@soma/protocol';

import { testEngines } from '../../../../../tests/harness/engines.ts';
import { until } from '../../../../../tests/harness/until.ts';
import { EdusUnderTest, bob, deviceList, keysOf } from './edus-under-test.ts';

const LIST = `GET /_matrix/federation/v1/user/devices/${bob}`;
const QUERY = 'POST /_matrix/federation/v1/user/keys/query';

function update(streamId: number, previous: readonly number[], deviceId: string): JsonObject {
  const keys = keysOf(bob, deviceId);
  return { user_id: bob, device_id: deviceId, stream_id: streamId, prev_id: [...previous], keys };
}

/** Answers both questions about bob's devices. */
function say(given: EdusUnderTest, streamId: number, ...deviceIds: readonly string[]): void {
  const keys = Object.fromEntries(deviceIds.map((id) => [id, keysOf(bob, id)]));
  given.answer = ({ method }): JsonValue =>
    method === 'GET' ? deviceList(bob, streamId, ...deviceIds) : { device_keys: { [bob]: keys } };
}

for (const engine of testEngines()) {
  const withEdus = (title: string, body: (given: EdusUnderTest) => Promise<void>): void => {
    test(title, async () => {
      const made = await engine.createDatabase();
      const given = await EdusUnderTest.open(made.config);
      try {
        await body(given);
      } finally {
        await given.close();
        await made.drop();
      }
    });
  };
  const receive = (given: EdusUnderTest, content: JsonObject): Promise<void> =>
    given.receive('m.device_list_update', content);

  describe(`device lists of other servers (${engine.name})`, () => {
    withEdus(
      'a list is asked for once where a room is shared, and else each time',
      async (given) => {
        say(given, 1, 'A');
        assert.deepEqual(await given.devicesOf(bob), ['A']);
        assert.deepEqual(await given.devicesOf(bob), ['A']);
        assert.deepEqual(given.asked.splice(0), [QUERY, QUERY]);
        await given.room(bob);
        assert.deepEqual(await given.devicesOf(bob), ['A']);
        say(given, 1, 'B');
        assert.deepEqual(await given.devicesOf(bob), ['A']);
        assert.deepEqual(given.asked, [QUERY]);
      },
    );

    withEdus('updates that follow one another are applied without asking', async (given) => {
      await given.room(bob);
      say(given, 5, 'A');
      await given.devicesOf(bob);
      const since = given.database.position;
      await receive(given, update(4, [3], 'A'));
      await given.settled();
      assert.deepEqual(given.asked.splice(0), [QUERY, LIST]);
      assert.ok(await given.isTold(bob, since));
      for (const [streamId, previous, deviceId] of [
        [7, [5], 'B'],
        [8, [7], 'C'],
        [8, [7], 'C'],
      ] as const) {
        await receive(given, update(streamId, previous, deviceId));
      }
      assert.deepEqual(await given.devicesOf(bob), ['A', 'B', 'C']);
      const { keys: _keys, ...gone } = update(9, [8], 'A');
      await receive(given, { ...gone, deleted: true });
      assert.deepEqual(await given.devicesOf(bob), ['B', 'C']);
      assert.deepEqual(given.asked, []);
    });

    withEdus('a gap, or a server that was set back, makes the list be fetched', async (given) => {
      await given.room(bob);
      say(given, 5, 'A');
      await receive(given, update(5, [], 'A'));
      await given.settled();
      say(given, 9, 'A', 'Z');
      for (const content of [update(9, [8], 'Z'), update(2, [1], 'Z'), update(12, [], 'Z')]) {
        given.asked.length = 0;
        await receive(given, content);
        assert.deepEqual(await given.devicesOf(bob), ['A', 'Z']);
        await given.settled();
        assert.ok(given.asked.includes(LIST), JSON.stringify(given.asked));
        given.asked.length = 0;
        assert.deepEqual(await given.devicesOf(bob), ['A', 'Z']);
        assert.deepEqual(given.asked, []);
      }
    });

    withEdus(
      'what is to be fetched outlives the process and a server that is away',
      async (given) => {
        await given.room(bob);
        given.answer = () => undefined;
        await receive(given, update(5, [4], 'A'));
        await given.settled();
        const [mark] = await given.marks();
        assert.ok(mark?.attempts === 1 && mark.nextTryTs > given.clock.nowMs);
        assert.deepEqual(Object.keys((await given.query(bob)).failures), ['remote.test']);
        await given.restart();
        say(given, 5, 'A');
        given.asked.length = 0;
        await given.resyncer.serverIsUp('remote.test');
        await given.settled();
        assert.deepEqual(await given.devicesOf(bob), ['A']);
        assert.deepEqual(given.asked, [LIST]);
      },
    );

    withEdus('a server that does not answer holds up its own lists alone', async (given) => {
      const slow = Array.from({ length: 20 }, (_, index) => `@slow${index}:remote.test`);
      const carol = '@carol:other.test';
      await given.room(...slow, carol);
      const silence = Promise.withResolvers<JsonValue>();
      given.answer = ({ destination }) =>
        destination === 'remote.test' ? silence.promise : deviceList(carol, 5, 'A');
      const content = (userId: string): JsonObject => ({ ...update(5, [4], 'A'), user_id: userId });
      for (const userId of slow) await receive(given, content(userId));
      await until('the question', () => given.asked.length > 0);
      try {
        await given.receive('m.device_list_update', content(carol), 'other.test' as ServerName);
        await until('the list', async () => (await given.marks()).length === 1);
        assert.equal(given.asked.length, 3);
        assert.deepEqual(await given.devicesOf(carol), ['A']);
      } finally {
        silence.resolve({});
      }
    });

    withEdus('a list that nobody gives is given up after some tries', async (given) => {
      await given.room(bob);
      await receive(given, update(5, [4], 'A'));
      for (let tries = 0; tries < 12; tries += 1) {
        await given.settled();
        given.clock.nowMs += 7 * 3_600_000;
        given.resyncer.wake('remote.test');
      }
      await given.settled();
      assert.deepEqual(await given.marks(), []);
      assert.equal(given.asked.length, 10);
    });

    withEdus('an answer that crossed with an update is not kept', async (given) => {
      await given.room(bob);
      given.answer = async ({ method }) => {
        if (method === 'GET') return deviceList(bob, 2, 'NEW');
        given.answer = () => deviceList(bob, 2, 'NEW');
        await receive(given, update(2, [1], 'NEW'));
        await given.settled();
        return { device_keys: { [bob]: { OLD: keysOf(bob, 'OLD') } } };
      };
      assert.deepEqual(await given.devicesOf(bob), ['OLD']);
      assert.deepEqual(await given.devicesOf(bob), ['NEW']);
    });

    withEdus('who shares no room any more is forgotten', async (given) => {
      const { roomNid } = await given.room(bob);
      const other = await given.room(bob);
      say(given, 1, 'A');
      await given.devicesOf(bob);
      await given.move(roomNid, bob, 'leave');
      await given.devicesOf(bob);
      assert.deepEqual(given.asked.splice(0), [QUERY]);
      await given.move(other.roomNid, '@alice:example.org', 'leave');
      const since = given.database.position;
      const key = { user_id: bob, usage: ['master'], keys: { 'ed25519:x': 'x' } };
      await given.receive('m.signing_key_update', { user_id: bob, master_key: key });
      await receive(given, update(6, [5], 'B'));
      await given.settled();
      assert.equal(await given.isTold(bob, since), false);
      assert.deepEqual(given.asked, []);
      await given.room(bob);
      await given.devicesOf(bob);
      assert.deepEqual(given.asked, [QUERY]);
    });

    withEdus('what is wrong, or in the name of others, changes nothing', async (given) => {
      await given.room(bob);
      say(given, 5, 'A');
      await receive(given, update(5, [], 'A'));
      await given.settled();
      await given.devicesOf(bob);
      const since = given.database.position;
      given.asked.length = 0;
      const origin = 'other.test' as ServerName;
      await given.receive('m.device_list_update', update(6, [5], 'EVIL'), origin);
      await given.receive('m.signing_key_update', { user_id: bob, master_key: {} }, origin);
      for (const content of [
        null,
        'text',
        { ...update(6, [5], 'B'), stream_id: '6' },
        { ...update(6, [5], 'B'), user_id: 7 },
        { ...update(6, [5], 'B'), user_id: '@nobody:remote.test' },
        { user_id: bob },
      ]) {
        await given.receive('m.device_list_update', content);
        await given.receive('m.signing_key_update', content);
      }
      assert.equal(await given.isTold(bob, since), false);
      assert.deepEqual(given.asked, []);
      // Keys of somebody else: the list is fetched rather than believed.
      await receive(given, { ...update(6, [5], 'B'), keys: keysOf('@victim:remote.test', 'B') });
      await given.settled();
      assert.deepEqual(given.asked, [LIST]);
      assert.deepEqual(await given.devicesOf(bob), ['A']);
    });

    withEdus(
      'cross-signing keys are taken over, and told to those who share a room',
      async (given) => {
        await given.room(bob);
        say(given, 5, 'A');
        const master = (name: string, userId = bob): JsonObject => {
          return { user_id: userId, usage: ['master'], keys: { [`ed25519:${name}`]: name } };
        };
        await given.receive('m.signing_key_update', { user_id: bob, master_key: master('one') });
        await given.settled();
        assert.deepEqual(given.asked.splice(0), [LIST]);
        const since = given.database.position;
        await given.receive('m.signing_key_update', { user_id: bob, master_key: master('two') });
        assert.ok(await given.isTold(bob, since));
        assert.deepEqual((await given.query(bob)).masterKeys, { [bob]: master('two') });
        const stranger = master('three', '@victim:remote.test');
        await given.receive('m.signing_key_update', { user_id: bob, master_key: stranger });
        assert.deepEqual((await given.query(bob)).masterKeys, { [bob]: master('two') });
        assert.deepEqual(given.asked, []);
      },
    );
  });
}
