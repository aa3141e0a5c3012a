import { DEFAULT_ROOM_VERSION, type JsonObject, roomVersion } from '@soma/protocol';

import { createRoom } from '../rooms/create-room.ts';
import { openRooms } from '../rooms/rooms.ts';
import { sendEvent } from '../rooms/send-event.ts';
import { openDatabaseUnderTest } from '../storage/database-under-test.ts';
import type { Database } from '../storage/database.ts';
import { internedNames } from '../storage/names-store.ts';
import type { Ephemeral } from './ephemeral.ts';
import { readReceiptsChanged } from './read-receipts.ts';
import { ReadingProjection } from './reading-projection.ts';
import { SERVER_NAME, signerUnderTest } from './signer-under-test.ts';
import { Typing } from './typing.ts';

/** Receipts and typing over real rooms. Everybody is a member of every room but those in `strangers`. */
export class EphemeralUnderTest {
  readonly database: Database;
  readonly ephemeral: Ephemeral;
  readonly strangers = new Set<number>();

  private constructor(database: Database) {
    this.database = database;
    const typing = new Typing();
    const reading = new ReadingProjection(SERVER_NAME, (roomNid, userId) => {
      typing.stop(roomNid, userId);
    });
    let now = 1_700_000_000_000;
    const rooms = openRooms({
      database,
      names: internedNames(database, 1),
      projections: [reading],
      signer: signerUnderTest(),
      // Two rooms that are made at the same time would be one.
      now: () => (now += 1),
      profileOf: async () => ({}),
    });
    const isJoined: Ephemeral['isJoined'] = async (_reader, userNid) =>
      !this.strangers.has(userNid);
    this.ephemeral = { rooms, reading, typing, isJoined };
  }

  /** @param databaseSection as a test engine gives it */
  static async open(databaseSection: object): Promise<EphemeralUnderTest> {
    return new EphemeralUnderTest(await openDatabaseUnderTest(databaseSection));
  }

  userNid(userId: string): Promise<number> {
    return this.ephemeral.rooms.names.users.intern(userId);
  }

  roomNid(roomId: string): Promise<number> {
    return this.ephemeral.rooms.names.rooms.intern(roomId);
  }

  createRoom(creator: string): Promise<string> {
    const version = roomVersion(DEFAULT_ROOM_VERSION);
    if (version === undefined) throw new Error('the default room version is not known');
    return createRoom(this.ephemeral.rooms, {
      creator,
      version,
      preset: 'public_chat',
      creationContent: {},
      powerLevelsOverride: {},
      initialState: [],
      invite: [],
      isDirect: false,
    });
  }

  send(roomId: string, sender: string, content: JsonObject = { body: 'hello' }): Promise<string> {
    const { rooms } = this.ephemeral;
    return sendEvent(rooms, { roomId, sender, type: 'm.room.message', content });
  }

  /** All receipts of a room that the user sees. */
  async receipts(roomId: string, userId: string): Promise<JsonObject> {
    const content = await readReceiptsChanged(
      this.database.reader,
      await this.roomNid(roomId),
      0,
      this.database.position,
      await this.userNid(userId),
    );
    return content ?? {};
  }
}
