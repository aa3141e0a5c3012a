import type { JsonObject } from '@soma/protocol';

import type { Typing } from '../ephemeral/typing.ts';
import type { InternedNames } from '../storage/names-store.ts';
import type { Reader } from '../storage/sql.ts';
import { ephemeralWaitingMax } from './limits.ts';
import type { RoomInterest } from './room-interest.ts';

export interface EphemeralSources {
  readonly names: InternedNames;
  readonly typing: Pick<Typing, 'usersTyping'>;
  /** The content of `m.presence`; undefined of who is not known. */
  presenceOf(userNid: number): JsonObject | undefined;
}

/** Typing and presence that a service is still to be told: in memory only, the last of each room and user counts. */
export class EphemeralNews {
  readonly #interest: RoomInterest;
  readonly #sources: EphemeralSources;
  readonly #rooms = new Set<number>();
  readonly #users = new Set<number>();

  constructor(interest: RoomInterest, sources: EphemeralSources) {
    this.#interest = interest;
    this.#sources = sources;
  }

  get isEmpty(): boolean {
    return this.#rooms.size === 0 && this.#users.size === 0;
  }

  typingChanged(roomNid: number): void {
    if (this.#rooms.size < ephemeralWaitingMax) this.#rooms.add(roomNid);
  }

  presenceChanged(userNid: number): void {
    if (this.#users.size < ephemeralWaitingMax) this.#users.add(userNid);
  }

  /** The events to tell, which then wait no longer. */
  async take(reader: Reader): Promise<JsonObject[]> {
    const [rooms, users] = [[...this.#rooms], [...this.#users]];
    this.#rooms.clear();
    this.#users.clear();
    const events: JsonObject[] = [];
    for (const roomNid of rooms) {
      if (!(await this.#interest.isInRoom(reader, roomNid))) continue;
      events.push({
        type: 'm.typing',
        room_id: await this.#sources.names.rooms.text(roomNid),
        content: { user_ids: [...this.#sources.typing.usersTyping(roomNid)] },
      });
    }
    for (const userNid of users) {
      const content = this.#sources.presenceOf(userNid);
      if (content === undefined || !(await this.#interest.isOfUser(reader, userNid))) continue;
      const sender = await this.#sources.names.users.text(userNid);
      events.push({ type: 'm.presence', sender, content });
    }
    return events;
  }
}
