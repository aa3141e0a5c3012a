import { roomVersion } from '@soma/protocol';

import { SERVER_NAME, signerUnderTest } from '../ephemeral/signer-under-test.ts';
import { createRoom } from '../rooms/create-room.ts';
import { openRooms } from '../rooms/rooms.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { openDatabaseUnderTest } from '../storage/database-under-test.ts';
import { InterceptedDatabase } from '../storage/intercepted-database-under-test.ts';
import { internedNames } from '../storage/names-store.ts';
import { MembershipProjection } from './membership-projection.ts';

/** The room code on a real database whose commits a test may make fail. */
export interface RoomGraphUnderTest {
  readonly rooms: Rooms;
  readonly database: InterceptedDatabase;
  /** In milliseconds; it moves where a test moves it. */
  readonly clock: { nowMs: number };
}

export const [alice, bob, carol] = ['alice', 'bob', 'carol'].map(
  (name) => `@${name}:${SERVER_NAME}`,
) as [string, string, string];

/** @param databaseSection as a test engine gives it */
export async function openRoomGraph(databaseSection: object): Promise<RoomGraphUnderTest> {
  const opened = await openDatabaseUnderTest(databaseSection, SERVER_NAME);
  const database = new InterceptedDatabase(opened);
  const names = internedNames(database, 0);
  const clock = { nowMs: 1_700_000_000_000 };
  const rooms = openRooms({
    database,
    names,
    projections: [new MembershipProjection(names.users, { serverName: SERVER_NAME })],
    signer: signerUnderTest(),
    now: () => clock.nowMs,
    profileOf: async () => ({}),
  });
  return { rooms, database, clock };
}

/** A public room of version `id`, in which any member may set state. */
export function createPublicRoom(rooms: Rooms, creator: string, id = '12'): Promise<string> {
  const version = roomVersion(id);
  if (version === undefined) throw new Error(`there is no room version ${id}`);
  return createRoom(rooms, {
    creator,
    version,
    preset: 'public_chat',
    creationContent: {},
    powerLevelsOverride: { state_default: 0 },
    initialState: [],
    invite: [],
    isDirect: false,
  });
}
