import { authEventKeys } from '../auth-rules/auth-event-keys.ts';
import type { StateKey } from '../auth-rules/auth-event-keys.ts';
import type { RoomVersion } from '../room-versions/types.ts';
import { eventUnder } from './compact-state.ts';
import { ask } from './steps.ts';
import type { Steps } from './steps.ts';
import type { CompactState, ResolutionEvent } from './types.ts';

/** The events that one resolution has read so far. */
export class LoadedEvents {
  readonly #events = new Map<number, ResolutionEvent>();
  readonly #missing = new Set<number>();

  /** The event, when it was loaded and is known. */
  get(eventNid: number): ResolutionEvent | undefined {
    return this.#events.get(eventNid);
  }

  /** What was needed and is not known, ascending. */
  get missing(): number[] {
    return [...this.#missing].toSorted((a, b) => a - b);
  }

  /** Notes an event that is not known. */
  miss(eventNid: number): void {
    this.#missing.add(eventNid);
  }

  /** Loads those that are not there yet, and answers with all of these that are known, in this order. */
  *load(eventNids: Iterable<number>): Steps<ResolutionEvent[]> {
    const wanted = [...new Set(eventNids)];
    const absent = wanted.filter((nid) => !this.#events.has(nid) && !this.#missing.has(nid));
    if (absent.length > 0) {
      yield* ask(
        (source) => source.events(absent),
        (answers) => {
          for (const [index, nid] of absent.entries()) this.#take(nid, answers[index]);
        },
      );
    }
    return wanted.flatMap((nid) => this.#events.get(nid) ?? []);
  }

  /** Loads the events in a state that may authorise these. */
  *loadAuthorising(
    events: readonly ResolutionEvent[],
    state: CompactState,
    version: RoomVersion,
  ): Steps<ResolutionEvent[]> {
    if (state.keyNids.length === 0) return [];
    const keys = new Map<string, StateKey>();
    for (const event of events) {
      for (const key of authEventKeys(event, version)) keys.set(JSON.stringify(key), key);
    }
    const authorising: number[] = [];
    if (keys.size > 0) {
      yield* ask(
        (source) => source.stateKeys([...keys.values()]),
        (keyNids) => {
          for (const keyNid of keyNids) {
            const eventNid = keyNid === undefined ? undefined : eventUnder(state, keyNid);
            if (eventNid !== undefined) authorising.push(eventNid);
          }
        },
      );
    }
    return yield* this.load(authorising);
  }

  #take(nid: number, event: ResolutionEvent | undefined): void {
    if (event === undefined) this.#missing.add(nid);
    else this.#events.set(nid, event);
  }
}
