import assert from 'node:assert/strict';

import { isJsonObject, roomVersion, type JsonObject } from '@soma/protocol';

import { createRoom, registerUser, sendState } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import type { FederationUnderTest } from './federation-test.ts';
import { sendPdus } from './forked-room.ts';
import { PlayedUser, signEvent, type SignedEvent } from './played-user.ts';

const version = roomVersion('11') ?? assert.fail();

/** A room in which users of another server write beside what has happened here since it was forked. */
export class RoomWithPast {
  readonly alice: TestUser;
  readonly roomId: string;
  /** May ban, and set join rules. */
  readonly bob: PlayedUser;
  /** May do everything. */
  readonly erin: PlayedUser;
  readonly #server: string;
  readonly #templates = new Map<PlayedUser, JsonObject>();

  private constructor(alice: TestUser, roomId: string, server: string, peer: PlayedUser['peer']) {
    this.alice = alice;
    this.roomId = roomId;
    this.bob = new PlayedUser(peer, 'bob');
    this.erin = new PlayedUser(peer, 'erin');
    this.#server = server;
  }

  static async open(
    { one, newPeer }: FederationUnderTest,
    localpart: string,
    prepare: (roomId: string, alice: TestUser) => Promise<void> = async () => {},
  ): Promise<RoomWithPast> {
    const alice = await registerUser(one, localpart);
    const roomId = await createRoom(alice, {
      preset: 'public_chat',
      room_version: '11',
      visibility: 'public',
    });
    const room = new RoomWithPast(alice, roomId, one.serverName, await newPeer());
    for (const user of [room.bob, room.erin]) await user.become(one, 'join', roomId);
    await sendState(alice, roomId, 'm.room.power_levels', '', room.levels({}));
    await prepare(roomId, alice);
    for (const user of [room.bob, room.erin]) {
      const event = valueAt((await user.make(one, 'leave', roomId)).body, 'event');
      assert.ok(isJsonObject(event));
      room.#templates.set(user, event);
    }
    return room;
  }

  levels(users: JsonObject): JsonObject {
    const { alice, bob, erin } = this;
    return {
      state_default: 50,
      users: { [alice.userId]: 100, [bob.userId]: 50, [erin.userId]: 100, ...users },
    };
  }

  /** A state event of one of them, beside what came after the fork. */
  async beside(
    user: PlayedUser,
    type: string,
    stateKey: string,
    content: JsonObject,
  ): Promise<SignedEvent> {
    const event = { ...this.#templates.get(user), type, state_key: stateKey, content };
    const signed = signEvent(user.peer, version, { ...event, origin_server_ts: Date.now() });
    await sendPdus(user, this.#server, [signed.pdu]);
    return signed;
  }
}
