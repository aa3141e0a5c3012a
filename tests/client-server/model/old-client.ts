import assert from 'node:assert/strict';

import { valueAt } from '../../harness/json-path.ts';
import { events, initialSync } from '../old-view.ts';
import { readMessages } from '../requests.ts';
import { ids, type SeenEvent } from '../seen-event.ts';
import type { Scene } from './room-script.ts';

/**
 * A client of the guest as they were written in 2015: it begins with initialSync, follows /events, and pages back
 * where it was not there. It takes each event once, and says when it is given one again.
 */
export class OldClient {
  readonly #scene: Scene;
  readonly #limit: number;
  readonly #seen = new Set<string>();
  #from = '';
  #isJoined = false;
  /** Where it came in and has not paged back from: to who is only invited the room's history is closed. */
  #gaps: string[] = [];

  /** @param limit of the messages of initialSync */
  constructor(scene: Scene, limit: number) {
    this.#scene = scene;
    this.#limit = limit;
  }

  async start(): Promise<void> {
    const { guest, roomId } = this.#scene;
    const { end, rooms } = await initialSync(guest, { limit: this.#limit });
    const room = rooms.get(roomId);
    assert.equal(room?.membership, 'join');
    this.#isJoined = true;
    this.#from = end;
    this.#take(room.messages);
    await this.#pageBack(room.start);
  }

  async sync(): Promise<void> {
    const { guest } = this.#scene;
    const wasJoined = this.#isJoined;
    const chunk = await events(guest, { from: this.#from });
    assert.equal(chunk.start, this.#from);
    const inRoom = chunk.events.filter(({ eventId }) => eventId !== '');
    const memberships = inRoom.filter((event) => this.#isOwnMember(event)).map(membershipOf);
    const membership = memberships.at(-1) ?? (wasJoined ? 'join' : 'leave');
    this.#isJoined = membership === 'join';
    // Also who came in and went again meanwhile may read what was said before.
    const cameIn = !wasJoined && memberships.includes('join');
    if (cameIn) this.#gaps.push(chunk.start);
    if (this.#isJoined || (cameIn && membership !== 'invite')) {
      for (const start of this.#gaps.splice(0).toReversed()) await this.#pageBack(start);
    }
    this.#take(inRoom);
    this.#from = chunk.end;
  }

  async checkHistory(): Promise<void> {
    const { guest, roomId } = this.#scene;
    const page = await readMessages(guest, roomId, { dir: 'f', limit: 500 });
    assert.deepEqual([...this.#seen].toSorted(), ids(page.events).toSorted());
  }

  /** Back to what is known already. */
  async #pageBack(start: string): Promise<void> {
    const { guest, roomId } = this.#scene;
    for (let from: unknown = start; typeof from === 'string';) {
      const page = await readMessages(guest, roomId, { from, limit: 7 });
      const unknown = page.events.findIndex(
        (event) => this.#seen.has(event.eventId) && !this.#isInvite(event),
      );
      const news = unknown === -1 ? page.events : page.events.slice(0, unknown);
      this.#take(news.filter((event) => !this.#seen.has(event.eventId)));
      if (unknown !== -1) return;
      from = page.end;
    }
  }

  #isOwnMember({ type, stateKey }: SeenEvent): boolean {
    return type === 'm.room.member' && stateKey === this.#scene.guest.userId;
  }

  /** The guest is told of an invitation, and finds it in the room's history on coming in. */
  #isInvite(event: SeenEvent): boolean {
    return this.#isOwnMember(event) && membershipOf(event) === 'invite';
  }

  #take(list: readonly SeenEvent[]): void {
    for (const { eventId, json } of list) {
      assert.ok(!this.#seen.has(eventId), `a second time: ${JSON.stringify(json)}`);
      this.#seen.add(eventId);
    }
  }
}

function membershipOf({ content }: SeenEvent): unknown {
  return valueAt(content, 'membership');
}
