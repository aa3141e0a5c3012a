import { EventFlag } from '../../rooms/event-store.ts';
import { readEventNids } from '../../rooms/graph-store.ts';
import { admitServer } from './admit-server.ts';
import { earliestEventsMax, missingEventsMax } from './limits.ts';
import type { Serving } from './serving.ts';
import { shownEvents } from './shown-events.ts';
import { readPlaced, walkHistory } from './walk-history.ts';

export interface MissingEventsRequest {
  readonly origin: string;
  readonly roomId: string;
  /** What the asking server has, and goes without. */
  readonly earliest: readonly string[];
  /** Whose prev events are wanted. */
  readonly latest: readonly string[];
  readonly limit: number;
  readonly minDepth: number;
}

/** JSON texts of the events, the oldest first (SS API, `POST /get_missing_events/{roomId}`). */
export async function missingEvents(
  serving: Serving,
  request: MissingEventsRequest,
): Promise<string[]> {
  const access = await admitServer(serving, request.origin, request.roomId);
  return serving.rooms.database.read(async (reader) => {
    const latest = await readPlaced(reader, access, request.latest);
    const earliest = request.earliest.slice(0, earliestEventsMax);
    const latestNids = new Set(latest.map((row) => row.event_nid));
    const rows = await walkHistory(reader, {
      from: latest,
      except: new Set((await readEventNids(reader, earliest)).values()),
      limit: Math.min(request.limit, missingEventsMax),
      pick: () => 0,
      wants: ({ event_nid: eventNid, flags, depth }) =>
        !latestNids.has(eventNid) &&
        (flags & EventFlag.rejected) === 0 &&
        depth >= request.minDepth,
    });
    return shownEvents(serving, reader, access, rows.toReversed());
  });
}
