import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { testEngines } from '../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../tests/harness/engines.ts';
import { readAccountDataEntry } from '../accounts/account-data-store.ts';
import { buildEvent } from '../rooms/build-event.ts';
import { writeToRoom } from '../rooms/room-write.ts';
import { EphemeralUnderTest } from './ephemeral-under-test.ts';
import { readReadPositions } from './read-position-store.ts';
import { readReceiptsChanged } from './read-receipts.ts';
import type { ReceiptType } from './receipt-store.ts';
import { sendReceipt } from './send-receipt.ts';
import { setReadMarkers } from './set-read-markers.ts';
import { setTyping } from './set-typing.ts';

const ALICE = '@alice:example.org';
const BOB = '@bob:example.org';
const CAROL = '@carol:example.org';

for (const engine of testEngines()) {
  describe(`receipts (${engine.name})`, () => {
    let database: TestDatabase;
    let server: EphemeralUnderTest;

    before(async () => {
      database = await engine.createDatabase();
      server = await EphemeralUnderTest.open(database.config);
      server.strangers.add(await server.userNid(CAROL));
    });
    after(async () => {
      await server.database.close();
      await database.drop();
    });

    async function receipt(
      userId: string,
      roomId: string,
      eventId: string,
      options: { type?: ReceiptType; threadId?: string } = {},
    ): Promise<void> {
      const { type = 'm.read', threadId } = options;
      const userNid = await server.userNid(userId);
      await sendReceipt(server.ephemeral, { roomId, userNid, type, eventId, threadId });
    }

    /** Event ID → type → user ID → thread, of what the viewer sees. */
    async function seenBy(viewer: string, roomId: string): Promise<unknown> {
      const text = JSON.stringify(await server.receipts(roomId, viewer), (key, value: unknown) =>
        key === 'ts' ? undefined : value,
      );
      return JSON.parse(text);
    }

    test('a receipt replaces the one for an earlier event, and never goes back', async () => {
      const roomId = await server.createRoom(ALICE);
      const first = await server.send(roomId, ALICE);
      const second = await server.send(roomId, ALICE);
      await receipt(BOB, roomId, first);
      await receipt(BOB, roomId, second);
      const { position } = server.database;
      await receipt(BOB, roomId, first);
      assert.deepEqual(await seenBy(ALICE, roomId), { [second]: { 'm.read': { [BOB]: {} } } });
      assert.equal(server.database.position, position, 'it is not even written');
    });

    test('each thread has a receipt of its own beside the unthreaded one', async () => {
      const roomId = await server.createRoom(ALICE);
      const root = await server.send(roomId, ALICE);
      const relation = { rel_type: 'm.thread', event_id: root };
      const reply = await server.send(roomId, ALICE, { body: 'a', 'm.relates_to': relation });
      const last = await server.send(roomId, ALICE);
      await receipt(BOB, roomId, last, { threadId: 'main' });
      await receipt(BOB, roomId, reply, { threadId: root });
      await receipt(BOB, roomId, root);
      assert.deepEqual(await seenBy(ALICE, roomId), {
        [root]: { 'm.read': { [BOB]: {} } },
        [reply]: { 'm.read': { [BOB]: { thread_id: root } } },
        [last]: { 'm.read': { [BOB]: { thread_id: 'main' } } },
      });
    });

    test('of two receipts at one event the one that says more is shown', async () => {
      const roomId = await server.createRoom(ALICE);
      const event = await server.send(roomId, ALICE);
      await receipt(BOB, roomId, event);
      await receipt(BOB, roomId, event, { threadId: 'main' });
      assert.deepEqual(await seenBy(ALICE, roomId), { [event]: { 'm.read': { [BOB]: {} } } });
    });

    test('a private receipt is seen by nobody else', async () => {
      const roomId = await server.createRoom(ALICE);
      const event = await server.send(roomId, ALICE);
      await receipt(BOB, roomId, event, { type: 'm.read.private' });
      assert.deepEqual(await seenBy(ALICE, roomId), {});
      const own = { [event]: { 'm.read.private': { [BOB]: {} } } };
      assert.deepEqual(await seenBy(BOB, roomId), own);
    });

    test('only what changed in between is told', async () => {
      const roomId = await server.createRoom(ALICE);
      const [roomNid, bob] = [await server.roomNid(roomId), await server.userNid(BOB)];
      const event = await server.send(roomId, ALICE);
      const earlier = server.database.position;
      await receipt(BOB, roomId, event);
      const { reader, position } = server.database;
      const told = await readReceiptsChanged(reader, roomNid, earlier, position, bob);
      assert.deepEqual(Object.keys(told ?? {}), [event]);
      assert.equal(await readReceiptsChanged(reader, roomNid, position, position, bob), undefined);
      assert.equal(await readReceiptsChanged(reader, roomNid, 0, earlier, bob), undefined);
    });

    test('a receipt for an event that has not come waits for it', async () => {
      const roomId = await server.createRoom(ALICE);
      const { rooms } = server.ephemeral;
      const roomNid = await server.roomNid(roomId);
      const { value: event } = await writeToRoom(rooms, roomNid, (write) =>
        buildEvent(rooms, write.head, { type: 'm.room.message', sender: ALICE, content: {} }),
      );
      const { eventId } = event.built;
      await receipt(BOB, roomId, eventId);
      assert.deepEqual(await seenBy(ALICE, roomId), {});
      const written = await writeToRoom(rooms, roomNid, (write) => write.appendBuilt(event));
      assert.deepEqual(await seenBy(ALICE, roomId), { [eventId]: { 'm.read': { [BOB]: {} } } });
      const bob = await server.userNid(BOB);
      const read = await readReadPositions(server.database.reader, bob, [roomNid]);
      assert.equal(read.get(roomNid)?.unthreaded, written.position);
    });

    test('what does not fit is refused', async () => {
      const roomId = await server.createRoom(ALICE);
      const root = await server.send(roomId, ALICE);
      const relation = { rel_type: 'm.thread', event_id: root };
      const reply = await server.send(roomId, ALICE, { body: 'a', 'm.relates_to': relation });
      const elsewhere = await server.send(await server.createRoom(ALICE), ALICE);
      const invalid = { status: 400, errcode: 'M_INVALID_PARAM' };
      const refused = { status: 403, errcode: 'M_FORBIDDEN' };
      await assert.rejects(receipt(BOB, roomId, reply, { threadId: 'main' }), invalid);
      await assert.rejects(receipt(BOB, roomId, root, { threadId: reply }), invalid);
      await assert.rejects(receipt(BOB, roomId, root, { threadId: '$unknown' }), invalid);
      await assert.rejects(receipt(BOB, roomId, root, { threadId: elsewhere }), invalid);
      await assert.rejects(receipt(BOB, roomId, 'no event ID'), invalid);
      await assert.rejects(receipt(CAROL, roomId, root), refused);
      await assert.rejects(receipt(BOB, '!unknown', root), refused);
      await receipt(BOB, roomId, elsewhere);
      assert.deepEqual(await seenBy(ALICE, roomId), {});
      await receipt(BOB, roomId, root, { threadId: root });
    });

    test('the fully read marker goes forward, and takes receipts along', async () => {
      const roomId = await server.createRoom(ALICE);
      const [roomNid, bob] = [await server.roomNid(roomId), await server.userNid(BOB)];
      const first = await server.send(roomId, ALICE);
      const second = await server.send(roomId, ALICE);
      const elsewhere = await server.send(await server.createRoom(ALICE), ALICE);
      const marker = (): Promise<string | undefined> =>
        readAccountDataEntry(server.database.reader, bob, roomNid, 'm.fully_read');
      const set = (markers: Parameters<typeof setReadMarkers>[3]): Promise<void> =>
        setReadMarkers(server.ephemeral, bob, roomId, markers);
      await set({ fullyRead: second, read: first, readPrivate: second });
      await set({ fullyRead: first });
      assert.equal(await marker(), JSON.stringify({ event_id: second }));
      assert.deepEqual(await seenBy(BOB, roomId), {
        [first]: { 'm.read': { [BOB]: {} } },
        [second]: { 'm.read.private': { [BOB]: {} } },
      });
      await assert.rejects(set({ fullyRead: elsewhere }), { errcode: 'M_INVALID_PARAM' });
      const carol = await server.userNid(CAROL);
      const stranger = setReadMarkers(server.ephemeral, carol, roomId, { fullyRead: first });
      await assert.rejects(stranger, { errcode: 'M_FORBIDDEN' });
    });

    test('who types is who says so, in a room of theirs', async () => {
      const roomId = await server.createRoom(ALICE);
      const roomNid = await server.roomNid(roomId);
      const type = async (userId: string, target: string, isTyping: boolean): Promise<void> => {
        const userNid = await server.userNid(userId);
        await setTyping(server.ephemeral, { roomId, userNid, userId, target, isTyping });
      };
      await type(BOB, BOB, true);
      assert.deepEqual(server.ephemeral.typing.usersTyping(roomNid), [BOB]);
      await assert.rejects(type(ALICE, BOB, false), { errcode: 'M_FORBIDDEN' });
      await assert.rejects(type(CAROL, CAROL, true), { errcode: 'M_FORBIDDEN' });
      await type(BOB, BOB, false);
      assert.deepEqual(server.ephemeral.typing.usersTyping(roomNid), []);
    });

    test('who leaves a room types there no longer', async () => {
      const roomId = await server.createRoom(ALICE);
      const roomNid = await server.roomNid(roomId);
      server.ephemeral.typing.start(roomNid, ALICE);
      await writeToRoom(server.ephemeral.rooms, roomNid, (write) =>
        write.append({
          type: 'm.room.member',
          stateKey: ALICE,
          sender: ALICE,
          content: { membership: 'leave' },
        }),
      );
      assert.deepEqual(server.ephemeral.typing.usersTyping(roomNid), []);
    });
  });
}
