import { prevEventIds } from '@soma/protocol';

import type { RoomView, ViewedEvent } from './room-view.ts';

/** The events of a room and what they stand on, put together from what its servers have of it. */
export class EventGraph {
  readonly #events = new Map<string, ViewedEvent>();
  readonly #ancestors = new Map<string, ReadonlySet<string>>();

  constructor(views: readonly RoomView[]) {
    for (const view of views) {
      for (const [eventId, event] of view.events) this.#events.set(eventId, event);
    }
  }

  /** Whether neither of two events stands on the other. */
  areConcurrent(one: string, other: string): boolean {
    return one !== other && !this.isAncestor(one, other) && !this.isAncestor(other, one);
  }

  /** Whether the second event stands on the first. */
  isAncestor(ancestorId: string, eventId: string): boolean {
    return this.#ancestorsOf(eventId).has(ancestorId);
  }

  #ancestorsOf(eventId: string): ReadonlySet<string> {
    const known = this.#ancestors.get(eventId);
    if (known !== undefined) return known;
    const found = new Set<string>();
    const waiting = this.#parentsOf(eventId);
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (found.has(id)) continue;
      found.add(id);
      waiting.push(...this.#parentsOf(id));
    }
    this.#ancestors.set(eventId, found);
    return found;
  }

  #parentsOf(eventId: string): string[] {
    const event = this.#events.get(eventId);
    return event === undefined ? [] : prevEventIds(event.pdu);
  }
}
