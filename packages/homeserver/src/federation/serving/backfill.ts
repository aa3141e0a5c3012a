import { EventFlag } from '../../rooms/event-store.ts';
import type { EventRow } from '../../rooms/event-store.ts';
import { admitServer } from './admit-server.ts';
import { backfillEventsMax } from './limits.ts';
import type { Serving } from './serving.ts';
import { shownEvents } from './shown-events.ts';
import { readPlaced, walkHistory } from './walk-history.ts';

export interface BackfillRequest {
  readonly origin: string;
  readonly roomId: string;
  /** Where to begin: these and what came before them. */
  readonly eventIds: readonly string[];
  readonly limit: number;
}

/** JSON texts of the events, the newest first (SS API, `GET /backfill/{roomId}`). */
export async function backfill(
  serving: Serving,
  { origin, roomId, eventIds, limit }: BackfillRequest,
): Promise<string[]> {
  const access = await admitServer(serving, origin, roomId);
  return serving.rooms.database.read(async (reader) => {
    const rows = await walkHistory(reader, {
      from: await readPlaced(reader, access, eventIds),
      except: new Set(),
      limit: Math.min(limit, backfillEventsMax),
      pick: newest,
      wants: ({ flags }) => (flags & EventFlag.rejected) === 0,
    });
    return shownEvents(serving, reader, access, rows);
  });
}

function newest(waiting: readonly EventRow[]): number {
  let best = 0;
  for (const [index, row] of waiting.entries()) {
    const other = waiting[best];
    if (other !== undefined && isNewer(row, other)) best = index;
  }
  return best;
}

function isNewer(row: EventRow, other: EventRow): boolean {
  if (row.depth !== other.depth) return row.depth > other.depth;
  return (row.event_order ?? 0) > (other.event_order ?? 0);
}
