import { readEvents, timelineQueries } from '../rooms/event-store.ts';
import type { EventRow } from '../rooms/event-store.ts';
import type { HistoryPlace } from '../rooms/pagination-token.ts';
import { readCurrentStateWithout, readStateDifferences } from '../rooms/state-store.ts';
import type { StateDifference } from '../rooms/state-store.ts';
import { boundedCache } from '../storage/bounded-cache.ts';
import type { Reader } from '../storage/sql.ts';

/** Enough for the rooms that changed in the last few commits, and for those of one user who begins. */
const ENTRIES_MAX = 1_024;
/** The most events that are read for several at once. */
const EVENTS_MAX = 32;

/** What of a room is asked for: what is new above `since`, in the state of exactly `upTo`. */
export interface SharedQuestion {
  readonly roomNid: number;
  readonly since: number;
  readonly upTo: number;
}

/**
 * What all who were woken by the same commit read of its room, read once. An answer belongs to one position, and
 * everyone who asks for that position reads the same committed state, so it never grows stale.
 */
export class SharedReads {
  readonly #timelines = boundedCache<string, Promise<EventRow[]>>(ENTRIES_MAX);
  readonly #differences = boundedCache<string, Promise<StateDifference[]>>(ENTRIES_MAX);

  readonly #states = boundedCache<string, Promise<Map<number, number>>>(ENTRIES_MAX);
  readonly #events = boundedCache<string, Promise<EventRow[]>>(ENTRIES_MAX);

  /** The newest events in (`since`, `below`], newest first. */
  timeline(
    reader: Reader,
    { roomNid, since, upTo }: SharedQuestion,
    below: number,
    limit: number,
  ): Promise<EventRow[]> {
    return once(this.#timelines, `${roomNid} ${since} ${upTo} ${below} ${limit}`, () =>
      reader.all(timelineQueries.newest, roomNid, since, below, limit),
    );
  }

  /** Those in (`since`, `upTo`] that come before a place in history, newest first. */
  history(
    reader: Reader,
    { roomNid, since, upTo }: SharedQuestion,
    { depth, order }: HistoryPlace,
    limit: number,
  ): Promise<EventRow[]> {
    return once(this.#timelines, `${roomNid} ${since} ${upTo} ${depth}.${order} ${limit}`, () =>
      reader.all(timelineQueries.beforeAmong, roomNid, depth, depth, order, since, upTo, limit),
    );
  }

  /** Differences of the room's state in (`since`, `upTo`], oldest first. */
  differences(
    reader: Reader,
    { roomNid, since, upTo }: SharedQuestion,
  ): Promise<StateDifference[]> {
    return once(this.#differences, `${roomNid} ${since} ${upTo}`, () =>
      readStateDifferences(reader, roomNid, since, upTo),
    );
  }

  /** Current state without the entries of one type, which must not be modified. */
  stateWithout(
    reader: Reader,
    roomNid: number,
    typeNid: number,
    upTo: number,
  ): Promise<ReadonlyMap<number, number>> {
    return once(this.#states, `${roomNid} ${typeNid} ${upTo}`, () =>
      readCurrentStateWithout(reader, roomNid, typeNid),
    );
  }

  /** These events as they are at `upTo`; few of them, or they are read for one alone. */
  events(reader: Reader, eventNids: readonly number[], upTo: number): Promise<EventRow[]> {
    if (eventNids.length > EVENTS_MAX) return readEvents(reader, eventNids);
    return once(this.#events, `${upTo} ${eventNids.join(' ')}`, () =>
      readEvents(reader, eventNids),
    );
  }
}

function once<T>(
  cache: ReturnType<typeof boundedCache<string, Promise<T>>>,
  key: string,
  read: () => Promise<T>,
): Promise<T> {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const reading = read();
  cache.set(key, reading);
  reading.catch(() => cache.delete(key));
  return reading;
}
