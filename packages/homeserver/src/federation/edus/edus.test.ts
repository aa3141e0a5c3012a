import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { JsonObject, JsonValue, ServerName } from '@soma/protocol';

import { testEngines } from '../../../../../tests/harness/engines.ts';
import { readReadPositions } from '../../ephemeral/read-position-store.ts';
import { readReceiptsChanged } from '../../ephemeral/read-receipts.ts';
import { sendEvent } from '../../rooms/send-event.ts';
import { EdusUnderTest, REMOTE, alice, bob } from './edus-under-test.ts';

const OTHER = 'other.test' as ServerName;
const carol = '@carol:remote.test';

function message(messageId: string, messages: JsonObject, sender = bob): JsonObject {
  return { sender, type: 'm.test', message_id: messageId, messages };
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
  const denyRemote = async (given: EdusUnderTest, roomId: string): Promise<void> => {
    const content = { allow: ['*'], deny: ['remote.test'] };
    const acl = { roomId, sender: alice, type: 'm.room.server_acl', stateKey: '', content };
    await sendEvent(given.rooms, acl);
  };

  describe(`messages to devices from other servers (${engine.name})`, () => {
    withEdus('each comes once, also when it is sent again after a restart', async (given) => {
      const [phone, tablet] = [
        await given.device(alice, 'PHONE'),
        await given.device(alice, 'TABLET'),
      ];
      const edus = [
        message('1', { [alice]: { PHONE: { n: 1 } } }),
        message('1', { [alice]: { PHONE: { n: 'again' } } }),
        message('1', { [alice]: { PHONE: { n: 2 } } }, carol),
        message('2', { [alice]: { '*': { n: 3 }, TABLET: { n: 4 } } }),
      ].map((content) => ({ edu_type: 'm.direct_to_device', content }));
      await given.edus.receive(REMOTE, edus);
      await given.restart();
      await given.edus.receive(REMOTE, edus);
      const event = (n: number, sender = bob): JsonObject => {
        return { sender, type: 'm.test', content: { n } };
      };
      assert.deepEqual(await given.messages(phone), [event(1), event(2, carol), event(3)]);
      assert.deepEqual(await given.messages(tablet), [event(4)]);
    });

    withEdus('what is malformed or in the name of others is left out alone', async (given) => {
      const phone = await given.device(alice, 'PHONE');
      const to = { [alice]: { PHONE: { n: 0 } } };
      const wrong: JsonValue[] = [
        null,
        {},
        { ...message('1', to), messages: { [alice]: { PHONE: 'text' } } },
        { ...message('1', to), messages: { [alice]: [] } },
        { ...message('1', to), message_id: 1 },
        message('x'.repeat(256), to),
        { ...message('1', to), type: 'x'.repeat(256) },
        message('1', to, '@bob:other.test'),
        message('1', to, alice),
        message('1', to, 'bob'),
        message('1', { [alice]: { PHONE: { text: 'x'.repeat(70_000) } } }),
        message('1', { '@nobody:example.org': { '*': {} }, '@alice:other.test': { '*': {} } }),
        message('1', { [alice]: { UNKNOWN: {} } }),
      ];
      const right = message('2', { [alice]: { PHONE: { n: 1 } } });
      const edus = [...wrong, right].map((content) => {
        return { edu_type: 'm.direct_to_device', content };
      });
      await given.edus.receive(REMOTE, [{ edu_type: 'm.unknown', content: {} }, ...edus]);
      const contents = (await given.messages(phone)).map(({ content }) => content);
      assert.deepEqual(contents, [{ n: 1 }]);
    });
  });

  describe(`typing, receipts and presence of other servers (${engine.name})`, () => {
    withEdus('a member of the room types and stops', async (given) => {
      const { roomId, roomNid } = await given.room(bob);
      const { typing } = given.ephemeral;
      const say = (user_id: string, is: JsonValue, origin?: ServerName): Promise<void> =>
        given.receive('m.typing', { room_id: roomId, user_id, typing: is }, origin);
      await say(bob, true);
      assert.deepEqual(typing.usersTyping(roomNid), [bob]);
      await say(bob, false);
      await say(carol, true);
      await say(alice, true);
      await say(bob, 'yes');
      await say(bob, true, OTHER);
      await given.receive('m.typing', { room_id: '!none:x', user_id: bob, typing: true });
      await denyRemote(given, roomId);
      await say(bob, true);
      assert.deepEqual(typing.usersTyping(roomNid), []);
    });

    withEdus('a member has read up to an event, also one that is still to come', async (given) => {
      const { roomId, roomNid } = await given.room(bob);
      const content = { body: 'hello' };
      const send = (): Promise<string> =>
        sendEvent(given.rooms, { roomId, sender: alice, type: 'm.room.message', content });
      const eventId = await send();
      const read = (userId: string, event: string, ts = 7, thread?: string): JsonObject => {
        const data = { ts, ...(thread === undefined ? {} : { thread_id: thread }) };
        return { [roomId]: { 'm.read': { [userId]: { event_ids: [event], data } } } };
      };
      await given.receive('m.receipt', read(bob, eventId));
      const shown = async (): Promise<JsonObject | undefined> => {
        const { reader, position } = given.database;
        return readReceiptsChanged(reader, roomNid, 0, position, await given.userNid(alice));
      };
      const expected = { [eventId]: { 'm.read': { [bob]: { ts: 7 } } } };
      assert.deepEqual(await shown(), expected);
      const bobNid = await given.userNid(bob);
      assert.equal((await readReadPositions(given.database.reader, bobNid, [roomNid])).size, 0);
      const later = await send();
      await given.receive('m.receipt', read(carol, later));
      await given.receive('m.receipt', read(alice, later));
      await given.receive('m.receipt', read(bob, later), OTHER);
      await given.receive('m.receipt', read(bob, later, 7, '$none'));
      await given.receive('m.receipt', read(bob, 'no event'));
      await given.receive('m.receipt', { [roomId]: { 'm.read': { [bob]: { event_ids: [] } } } });
      await given.receive('m.receipt', { '!none:x': { 'm.read': {} }, ...read(bob, later, -1) });
      await denyRemote(given, roomId);
      await given.receive('m.receipt', read(bob, later));
      assert.deepEqual(await shown(), expected);
    });

    withEdus('presence is taken of those who share a room, and passes', async (given) => {
      await given.room(bob);
      const say = (push: JsonValue, origin?: ServerName): Promise<void> =>
        given.receive('m.presence', { push }, origin);
      const online = { presence: 'online', last_active_ago: 1_000, currently_active: true };
      await say([
        { user_id: bob, ...online, status_msg: 'Here' },
        { user_id: carol, ...online },
        { user_id: alice, ...online },
        { user_id: 'bob', ...online },
      ]);
      const [bobNid, carolNid, aliceNid] = await Promise.all(
        [bob, carol, alice].map((id) => given.userNid(id)),
      );
      const { presence } = given;
      assert.deepEqual(presence.of(bobNid ?? 0), {
        presence: 'online',
        lastActiveTs: given.clock.nowMs - 1_000,
        isCurrentlyActive: true,
        statusMessage: 'Here',
      });
      assert.deepEqual(
        [presence.of(carolNid ?? 0), presence.of(aliceNid ?? 0)],
        [undefined, undefined],
      );
      await say([{ user_id: bob, ...online, presence: 'offline' }], OTHER);
      await say([{ user_id: bob, presence: 'away' }]);
      await say('everybody');
      assert.equal(presence.of(bobNid ?? 0)?.presence, 'online');
      given.clock.nowMs += 31 * 60_000;
      presence.expire();
      assert.equal(presence.of(bobNid ?? 0)?.presence, 'offline');
    });
  });
}
