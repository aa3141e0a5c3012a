import { hash } from 'node:crypto';

import type { RoomVersion } from '../../src/room-versions/types.ts';
import { AuthChainIndex } from '../../src/state-resolution/auth-chain-index.ts';
import { resolvedState } from '../../src/state-resolution/compact-state.ts';
import { resolveStateNow } from '../../src/state-resolution/resolve-state.ts';
import type {
  MemorySource,
  Resolution,
  ResolutionEvent,
  ResolutionQuestion,
} from '../../src/state-resolution/types.ts';
import { placeAt, placeOf } from './room-event.ts';
import type { RoomEvent, RoomState } from './room-event.ts';

/** Event IDs and places as integers, in the order in which they are first seen. */
class Names {
  readonly #nids = new Map<string, number>();
  readonly #texts: string[] = [];

  nid(text: string): number {
    const known = this.#nids.get(text);
    if (known !== undefined) return known;
    this.#nids.set(text, this.#texts.push(text));
    return this.#texts.length;
  }

  get size(): number {
    return this.#texts.length;
  }

  find(text: string): number | undefined {
    return this.#nids.get(text);
  }

  text(nid: number): string {
    return this.#texts[nid - 1] ?? '';
  }
}

/** A room in memory, as a caller of state resolution would hold it, with texts outside and integers inside. */
export class MemoryRoom {
  readonly version: RoomVersion;
  readonly eventIds = new Names();
  readonly places = new Names();
  readonly authChains = new AuthChainIndex();
  readonly #events = new Map<number, ResolutionEvent>();
  #createNid: number | undefined;

  constructor(version: RoomVersion, events: Iterable<RoomEvent> = []) {
    this.version = version;
    for (const event of events) this.add(event);
  }

  /** Adds a state event. Whatever it names may be added later, or never. */
  add(event: RoomEvent): void {
    const nid = this.eventIds.nid(event.eventId);
    if (event.type === 'm.room.create') this.#createNid ??= nid;
    const resolutionEvent: ResolutionEvent = {
      ...event,
      state_key: event.state_key ?? '',
      nid,
      stateKeyNid: this.places.nid(placeOf(event)),
      authEventNids: event.auth_events.map((id) => this.eventIds.nid(id)),
    };
    this.#events.set(nid, resolutionEvent);
    this.authChains.add(resolutionEvent);
  }

  /** How many event IDs it has seen; the first one's integer is 1. */
  get size(): number {
    return this.eventIds.size;
  }

  readonly source: MemorySource = {
    authEvents: (nids) => nids.map((nid) => this.#events.get(nid)?.authEventNids),
    events: (nids) => nids.map((nid) => this.#events.get(nid)),
    stateKeys: (keys) => keys.map(([type, stateKey]) => this.places.find(placeAt(type, stateKey))),
  };

  question(states: readonly RoomState[]): ResolutionQuestion {
    return {
      roomVersion: this.version,
      stateSets: states.map(
        (state) =>
          new Map([...state].map(([place, id]) => [this.places.nid(place), this.eventIds.nid(id)])),
      ),
      ...(this.#createNid === undefined ? {} : { createNid: this.#createNid }),
      sha1: (text) => hash('sha1', text, 'hex'),
    };
  }

  /** Resolves states and gives the result back in texts, by ascending place. */
  resolve(states: readonly RoomState[], options: { withIndex?: boolean } = {}): RoomState {
    const { authChains } = this;
    const question = this.question(states);
    return this.read(
      resolveStateNow(options.withIndex ? { ...question, authChains } : question, this.source),
    );
  }

  /** A resolution in texts, by ascending place. */
  read(resolution: Resolution): RoomState {
    const { keyNids, eventNids } = resolvedState(resolution);
    return sorted(
      Array.from(keyNids, (nid, index) => [
        this.places.text(nid),
        this.eventIds.text(eventNids[index] ?? 0),
      ]),
    );
  }
}

/** A state by ascending place, for comparisons and files. */
export function sorted(state: Iterable<readonly [string, string]>): Map<string, string> {
  return new Map([...state].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
