import assert from 'node:assert/strict';

import { readMessages, readState } from '../requests.ts';
import { ids } from '../seen-event.ts';
import { sync, type RoomView, type SyncQuery } from '../sync-view.ts';
import type { Scene } from './room-script.ts';

/** A client of the guest that keeps what it is told, and pages back over each gap. */
export class SyncClient {
  readonly #state = new Map<string, string>();
  readonly #seen = new Set<string>();
  readonly #query: SyncQuery;
  readonly #scene: Scene;
  #since: string | undefined;
  #isJoined = false;
  /** An invitation comes in place of what happened up to the leave before it. */
  #wasInvited = false;

  constructor(scene: Scene, limit: number, useStateAfter: boolean) {
    this.#scene = scene;
    this.#query = { filter: { room: { timeline: { limit } } }, useStateAfter };
  }

  async sync(): Promise<void> {
    const since = this.#since;
    const { guest, roomId } = this.#scene;
    const view = await sync(guest, { ...this.#query, ...(since === undefined ? {} : { since }) });
    const [joined, left] = [view.joined(roomId), view.left(roomId)];
    const room = joined ?? left;
    // Who comes back may see what was said meanwhile, before the last sync as well.
    if (room !== undefined) await this.#apply(room, this.#isJoined ? since : undefined);
    if (room !== undefined || view.invited(roomId) !== undefined) {
      this.#isJoined = joined !== undefined;
      this.#wasInvited ||= room === undefined;
    }
    this.#since = view.nextBatch;
  }

  /** Whether in the room or not any more. */
  async checkState(): Promise<void> {
    const { guest, roomId } = this.#scene;
    if (!this.#isJoined && this.#wasInvited) return;
    const state = await readState(guest, roomId);
    assert.deepEqual([...this.#state.values()].toSorted(), ids(state).toSorted());
  }

  async checkHistory(): Promise<void> {
    const { guest, roomId } = this.#scene;
    const { events } = await readMessages(guest, roomId, { dir: 'f', limit: 500 });
    const missed = events.filter(({ eventId }) => !this.#seen.has(eventId));
    assert.deepEqual(
      missed.map(({ json }) => json),
      [],
    );
    assert.equal(this.#seen.size, events.length);
  }

  async #apply(room: RoomView, since: string | undefined): Promise<void> {
    const told =
      this.#query.useStateAfter === true ? room.stateAfter : [...room.state, ...room.timeline];
    for (const { type, stateKey, eventId } of told) {
      if (typeof stateKey === 'string') this.#state.set(`${type} ${stateKey}`, eventId);
    }
    for (const eventId of ids(room.timeline)) this.#seen.add(eventId);
    if (!room.limited) return;
    const { guest, roomId } = this.#scene;
    const query = {
      from: room.prevBatch,
      limit: 500,
      ...(since === undefined ? {} : { to: since }),
    };
    for (const eventId of ids((await readMessages(guest, roomId, query)).events))
      this.#seen.add(eventId);
  }
}
