import assert from 'node:assert/strict';
import { test } from 'node:test';

import { roomVersion } from '@soma/protocol';

import { testEngines } from '../../../../tests/harness/engines.ts';
import { signerUnderTest } from '../ephemeral/signer-under-test.ts';
import { createRoom } from '../rooms/create-room.ts';
import type { Projection } from '../rooms/projection.ts';
import { openRooms } from '../rooms/rooms.ts';
import { sendEvent } from '../rooms/send-event.ts';
import { openDatabaseUnderTest } from '../storage/database-under-test.ts';
import { internedNames } from '../storage/names-store.ts';
import { RoomDetailsProjection } from './room-details-projection.ts';
import { readRoomDetails } from './room-details-store.ts';

const creator = '@alice:soma.test';

for (const engine of testEngines()) {
  test(`a room from before there were details gets all of them (${engine.name})`, async () => {
    const made = await engine.createDatabase();
    const database = await openDatabaseUnderTest(made.config);
    const names = internedNames(database, 1);
    const open = (projections: readonly Projection[]) =>
      openRooms({
        database,
        names,
        projections,
        signer: signerUnderTest(),
        now: Date.now,
        profileOf: async () => ({}),
      });
    const version = roomVersion('12') ?? assert.fail('there is no version 12');
    const roomId = await createRoom(open([]), {
      creator,
      version,
      preset: 'public_chat',
      creationContent: { type: 'm.space' },
      powerLevelsOverride: {},
      initialState: [],
      name: 'Old',
      invite: [],
      isDirect: false,
    });
    const content = { topic: 'New' };
    const topic = { roomId, sender: creator, type: 'm.room.topic', stateKey: '', content };
    await sendEvent(open([new RoomDetailsProjection()]), topic);
    const roomNid = (await names.rooms.find(roomId)) ?? assert.fail('the room is not known');
    assert.deepEqual(await readRoomDetails(database.reader, roomNid), {
      name: 'Old',
      topic: 'New',
      avatarUrl: undefined,
      canonicalAlias: undefined,
      roomType: 'm.space',
      joinRule: 'public',
      worldReadable: false,
      guestsCanJoin: false,
    });
    await database.close();
    await made.drop();
  });
}
