import { DEFAULT_ROOM_VERSION, type JsonObject, roomVersion } from '@soma/protocol';

import type { Ephemeral } from '../ephemeral/ephemeral.ts';
import { ReadingProjection } from '../ephemeral/reading-projection.ts';
import { SERVER_NAME, signerUnderTest } from '../ephemeral/signer-under-test.ts';
import { Typing } from '../ephemeral/typing.ts';
import { changeMembership } from '../membership/change-membership.ts';
import type { MembershipRequest } from '../membership/change-membership.ts';
import { MembershipProjection } from '../membership/membership-projection.ts';
import { readMembership } from '../membership/membership-store.ts';
import { createRoom } from '../rooms/create-room.ts';
import { RelationsProjection } from '../rooms/relations/relations-projection.ts';
import { openRooms } from '../rooms/rooms.ts';
import { sendEvent } from '../rooms/send-event.ts';
import { openDatabaseUnderTest } from '../storage/database-under-test.ts';
import { readAt } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import { internedNames } from '../storage/names-store.ts';
import { openPushRules } from './push-rules.ts';
import type { PushRules } from './push-rules.ts';
import { readUnreadCounts } from './read-unread-counts.ts';
import type { UnreadCounts } from './read-unread-counts.ts';
import { RuleSets } from './rule-sets.ts';
import { UnreadProjection } from './unread-projection.ts';

/** Soon enough that a short history comes to it. */
const REVIEW_AFTER = 5;

/** The real room code with all that counts what is unread, for tests. */
export class RoomsUnderTest {
  readonly database: Database;
  readonly push: PushRules;
  readonly ephemeral: Ephemeral;

  private constructor(database: Database) {
    this.database = database;
    let now = 1_700_000_000_000;
    const names = internedNames(database, 1);
    const typing = new Typing();
    const reading = new ReadingProjection(SERVER_NAME, (roomNid, userId) => {
      typing.stop(roomNid, userId);
    });
    const ruleSets = new RuleSets(database);
    const unread = new UnreadProjection(names, ruleSets, reading, SERVER_NAME, REVIEW_AFTER);
    const rooms = openRooms({
      database,
      names,
      projections: [
        new MembershipProjection(names.users, { serverName: SERVER_NAME }),
        new RelationsProjection(),
        reading,
        unread,
      ],
      signer: signerUnderTest(),
      // Two rooms or events that are made at the same time would be one.
      now: () => (now += 1),
      profileOf: async () => ({}),
    });
    this.push = openPushRules(rooms, ruleSets, unread);
    this.ephemeral = {
      rooms,
      reading,
      typing,
      isJoined: async (reader, userNid, roomNid) =>
        (await readMembership(reader, userNid, roomNid))?.membership === 'join',
    };
  }

  /** @param databaseSection as a test engine gives it */
  static async open(databaseSection: object): Promise<RoomsUnderTest> {
    return new RoomsUnderTest(await openDatabaseUnderTest(databaseSection));
  }

  userNid(userId: string): Promise<number> {
    return this.push.rooms.names.users.intern(userId);
  }

  roomNid(roomId: string): Promise<number> {
    return this.push.rooms.names.rooms.intern(roomId);
  }

  createRoom(creator: string, levels: JsonObject = {}): Promise<string> {
    const version = roomVersion(DEFAULT_ROOM_VERSION);
    if (version === undefined) throw new Error('the default room version is not known');
    return createRoom(this.push.rooms, {
      creator,
      version,
      preset: 'public_chat',
      creationContent: {},
      powerLevelsOverride: levels,
      initialState: [],
      invite: [],
      isDirect: false,
    });
  }

  async member(
    roomId: string,
    sender: string,
    action: MembershipRequest['action'],
    target = sender,
    content: JsonObject = {},
  ): Promise<void> {
    const roomNid = await this.roomNid(roomId);
    await changeMembership(this.push.rooms, { roomNid, sender, target, action, content });
  }

  /** State events are those with a state key. */
  send(
    roomId: string,
    sender: string,
    content: JsonObject,
    type = 'm.room.message',
    stateKey?: string,
  ): Promise<string> {
    return sendEvent(this.push.rooms, { roomId, sender, type, content, stateKey });
  }

  redact(roomId: string, sender: string, eventId: string): Promise<string> {
    return sendEvent(this.push.rooms, {
      roomId,
      sender,
      type: 'm.room.redaction',
      content: { redacts: eventId },
      redacts: eventId,
    });
  }

  async unread(userId: string, roomIds: readonly string[]): Promise<Map<string, UnreadCounts>> {
    const userNid = await this.userNid(userId);
    const roomNids = await Promise.all(roomIds.map((roomId) => this.roomNid(roomId)));
    const counts = await readAt(this.database, (reader, position) =>
      readUnreadCounts(reader, userNid, roomNids, position),
    );
    return new Map(
      roomIds.flatMap((roomId, index) => {
        const found = counts.get(roomNids[index] ?? 0);
        return found === undefined ? [] : [[roomId, found]];
      }),
    );
  }

  async unreadIn(userId: string, roomId: string): Promise<UnreadCounts | undefined> {
    return (await this.unread(userId, [roomId])).get(roomId);
  }

  /** Lets go of a room's head, as when it was not used for long. */
  async forgetHead(roomId: string): Promise<void> {
    const { heads } = this.push.rooms;
    await heads.run(await this.roomNid(roomId), async (head) => {
      if (head !== undefined) heads.drop(head);
    });
  }
}
