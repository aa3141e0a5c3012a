import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { redactPdu, roomVersion } from '@soma/protocol';

import { testEngines } from '../../../../tests/harness/engines.ts';
import { checkDatabase } from '../rooms/check-database.ts';
import { readEventById } from '../rooms/event-store.ts';
import { pruneRedacted } from '../rooms/prune-redacted.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { sendEvent } from '../rooms/send-event.ts';
import { alice, createPublicRoom, openRoomGraph } from './room-graph-under-test.ts';

const { signal } = new AbortController();

async function say(rooms: Rooms, roomId: string, body: string): Promise<string> {
  return sendEvent(rooms, { roomId, sender: alice, type: 'm.room.message', content: { body } });
}

async function redact(rooms: Rooms, roomId: string, redacts: string): Promise<void> {
  const content = { redacts };
  await sendEvent(rooms, { roomId, sender: alice, type: 'm.room.redaction', content, redacts });
}

async function storedText({ database }: Rooms, eventId: string): Promise<string> {
  return (await readEventById(database.reader, eventId))?.json ?? '';
}

for (const engine of testEngines()) {
  for (const id of ['10', '12']) {
    describe(`pruning redacted events of version ${id} (${engine.name})`, () => {
      test('what was redacted long ago leaves the database, and nothing else does', async () => {
        const made = await engine.createDatabase();
        const { rooms, database, clock } = await openRoomGraph(made.config);
        const roomId = await createPublicRoom(rooms, alice, id);
        const kept = await say(rooms, roomId, 'kept');
        const early = await say(rooms, roomId, 'early');
        const late = await say(rooms, roomId, 'late');
        await redact(rooms, roomId, early);
        const version = roomVersion(id);
        assert.ok(version !== undefined);
        const expected = redactPdu(JSON.parse(await storedText(rooms, early)), version);
        clock.nowMs += 1_000;
        const between = clock.nowMs;
        clock.nowMs += 1_000;
        await redact(rooms, roomId, late);

        await pruneRedacted(rooms, between, signal);
        assert.deepEqual(JSON.parse(await storedText(rooms, early)), expected);
        assert.match(await storedText(rooms, late), /late/);
        await pruneRedacted(rooms, clock.nowMs + 1, signal);
        assert.doesNotMatch(await storedText(rooms, late), /late/);
        assert.match(await storedText(rooms, kept), /kept/);
        assert.deepEqual((await checkDatabase(database)).problems, []);
        await database.close();
        await made.drop();
      });
    });
  }
}
