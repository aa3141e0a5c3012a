import { timelineQueries } from '../rooms/event-store.ts';
import type { EventRow } from '../rooms/event-store.ts';
import { readStateDifferences } from '../rooms/state-store.ts';
import type { StateDifference } from '../rooms/state-store.ts';
import { boundedCache } from '../storage/bounded-cache.ts';
import type { Reader } from '../storage/sql.ts';

/** Enough for the rooms that changed in the last few commits. */
const ENTRIES_MAX = 256;

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

  /** Differences of the room's state in (`since`, `upTo`], oldest first. */
  differences(
    reader: Reader,
    { roomNid, since, upTo }: SharedQuestion,
  ): Promise<StateDifference[]> {
    return once(this.#differences, `${roomNid} ${since} ${upTo}`, () =>
      readStateDifferences(reader, roomNid, since, upTo),
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
