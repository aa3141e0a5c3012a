import assert from 'node:assert/strict';

import type { TestUser } from '../../harness/client.ts';
import { readMessages, readState } from '../requests.ts';
import { ids, type SeenEvent } from '../seen-event.ts';
import { slide, type SlidingRoom, type SlidingView } from '../sliding-view.ts';

/** State that a question asks for. */
export const requirements = {
  topic: [['m.room.topic', '']],
  others: [['org.example.s', '*']],
  all: [['*', '*']],
} as const;

export interface Question {
  readonly first: number;
  readonly last: number;
  readonly limit: number;
  readonly required: keyof typeof requirements;
  /** The number of a room that is subscribed to. */
  readonly subscribed: number | undefined;
}

interface KnownRoom {
  readonly membership: unknown;
  readonly state: ReadonlyMap<string, string>;
  /** Without a gap up to the last answer. */
  readonly timeline: readonly string[];
}

/** A client that keeps what it is told, and compares it with what the server says elsewhere. */
export class SlidingClient {
  readonly #user: TestUser;
  readonly #rooms: readonly string[];
  readonly #known = new Map<string, KnownRoom>();
  #pos: string | undefined;

  constructor(user: TestUser, rooms: readonly string[]) {
    this.#user = user;
    this.#rooms = rooms;
  }

  /** Asks, and checks all rooms that the answer shows, whether it tells of them or not. */
  async slide(question: Question): Promise<void> {
    const pos = this.#pos;
    const view = await slide(this.#user, this.#body(question), pos === undefined ? {} : { pos });
    this.#pos = view.pos;
    for (const roomId of view.roomIds) this.#apply(roomId, view.room(roomId));
    for (const roomId of this.#shown(view, question)) await this.#check(roomId, question);
  }

  /** Those that it takes the user to be joined to. */
  joined(): string[] {
    return [...this.#known]
      .filter(([, { membership }]) => membership === 'join')
      .map(([roomId]) => roomId)
      .toSorted();
  }

  #body({ first, last, limit, required, subscribed }: Question): object {
    const parameters = { required_state: requirements[required], timeline_limit: limit };
    const roomId = subscribed === undefined ? undefined : this.#rooms[subscribed];
    return {
      lists: { all: { ranges: [[first, last]], ...parameters } },
      ...(roomId === undefined ? {} : { room_subscriptions: { [roomId]: parameters } }),
    };
  }

  #shown(view: SlidingView, { subscribed }: Question): ReadonlySet<string> {
    const window = view.window('all');
    const roomId = subscribed === undefined ? undefined : this.#rooms[subscribed];
    const shown = new Set(Array.isArray(window) ? window.map(String) : []);
    if (roomId !== undefined && this.#known.has(roomId)) shown.add(roomId);
    return shown;
  }

  #apply(roomId: string, room: SlidingRoom | undefined): void {
    if (room === undefined) return;
    const before = this.#known.get(roomId);
    assert.ok(room.at('initial') === true || before !== undefined, `${roomId} was not initial`);
    const isFresh = room.at('initial') === true || before === undefined;
    const state = new Map(isFresh ? [] : before.state);
    for (const event of room.requiredState) state.set(keyOf(event), event.eventId);
    const isReplaced =
      isFresh || room.at('limited') === true || room.at('unstable_expanded_timeline') === true;
    const timeline = [...(isReplaced ? [] : before.timeline), ...ids(room.timeline)];
    assert.equal(new Set(timeline).size, timeline.length, 'an event came twice');
    this.#known.set(roomId, { membership: room.at('membership'), state, timeline });
  }

  async #check(roomId: string, { required, limit }: Question): Promise<void> {
    const known = this.#known.get(roomId);
    assert.ok(known !== undefined, `${roomId} is shown and was never told`);
    if (known.membership !== 'join') return;
    const { events } = await readMessages(this.#user, roomId, { limit: 500 });
    const newest = ids(events).slice(0, known.timeline.length).toReversed();
    // Who wants no timeline is told by the next answer with one.
    if (limit > 0) assert.deepEqual(known.timeline, newest);
    for (const event of await readState(this.#user, roomId)) {
      if (!isAsked(event, required)) continue;
      assert.equal(known.state.get(keyOf(event)), event.eventId, `${keyOf(event)} of ${roomId}`);
    }
  }
}

function isAsked({ type, stateKey }: SeenEvent, required: keyof typeof requirements): boolean {
  return requirements[required].some(
    ([ofType, ofKey]) =>
      (ofType === '*' || ofType === type) && (ofKey === '*' || ofKey === stateKey),
  );
}

function keyOf({ type, stateKey }: SeenEvent): string {
  return `${type} ${String(stateKey)}`;
}
