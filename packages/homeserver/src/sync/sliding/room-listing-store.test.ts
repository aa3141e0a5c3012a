import assert from 'node:assert/strict';
import { test } from 'node:test';

import { testEngines } from '../../../../../tests/harness/engines.ts';
import { signerUnderTest } from '../../ephemeral/signer-under-test.ts';
import { MembershipProjection } from '../../membership/membership-projection.ts';
import { alice, createPublicRoom } from '../../membership/room-graph-under-test.ts';
import type { Projection } from '../../rooms/projection.ts';
import { openRooms } from '../../rooms/rooms.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import { sendEvent } from '../../rooms/send-event.ts';
import { openDatabaseUnderTest } from '../../storage/database-under-test.ts';
import { write } from '../../storage/database.ts';
import type { Database } from '../../storage/database.ts';
import { internedNames } from '../../storage/names-store.ts';
import { query, statement } from '../../storage/sql.ts';
import { RoomListingProjection } from './room-listing-projection.ts';
import { readListedRooms } from './room-listing-store.ts';
import type { ListedRoom } from './room-listing-store.ts';

const serverName = 'soma.test';
const dropListings = query('drop table room_listings');
const forgetStep = query('delete from migrations where number = 90');

function roomsOn(database: Database, listing: readonly Projection[]): Rooms {
  const names = internedNames(database, 1);
  return openRooms({
    database,
    names,
    projections: [new MembershipProjection(names.users, { serverName }), ...listing],
    signer: signerUnderTest(),
    now: Date.now,
    profileOf: async () => ({}),
  });
}

async function fill(rooms: Rooms): Promise<void> {
  const roomId = await createPublicRoom(rooms, alice);
  await createPublicRoom(rooms, alice);
  const send = (type: string, stateKey?: string): Promise<unknown> =>
    sendEvent(rooms, {
      roomId,
      sender: alice,
      type,
      content: {},
      ...(stateKey === undefined ? {} : { stateKey }),
    });
  await send('m.room.message');
  await send('m.room.encryption', '');
  await send('m.reaction');
}

async function listed({ database, names }: Rooms): Promise<ListedRoom[]> {
  const userNid = (await names.users.find(alice)) ?? assert.fail('alice is not known');
  return readListedRooms(database.reader, userNid);
}

for (const engine of testEngines()) {
  test(`rooms from before there were listings are listed as if they had been (${engine.name})`, async () => {
    const made = await engine.createDatabase();
    const before = await openDatabaseUnderTest(made.config);
    const rooms = roomsOn(before, [new RoomListingProjection()]);
    await fill(rooms);
    const expected = await listed(rooms);
    assert.deepEqual(
      expected.map(({ isEncrypted }) => isEncrypted),
      [true, false],
    );
    const statements = [statement(dropListings), statement(forgetStep)];
    await write(before, { statements, positions: 0 });
    await before.close();
    const after = await openDatabaseUnderTest(made.config);
    assert.deepEqual(await listed(roomsOn(after, [])), expected);
    await after.close();
    await made.drop();
  });
}
