import { prevEventIds } from '@soma/protocol';

import { readGraphRows } from '../graph-store.ts';
import type { CheckedPdu } from './check-pdu.ts';
import type { InboundContext } from './inbound-context.ts';
import { missingEventsMax, missingRoundsMax } from './limits.ts';
import type { RoomRequests } from './room-requests.ts';

/** As many as are named in one request. */
const NAMED_MAX = 20;

/** What of a room is known before. */
export interface KnownOfRoom {
  readonly extremityIds: readonly string[];
  /** Of what has a place in the room: what is above belongs to the past, which is not asked for here. */
  readonly minDepth: number;
}

/**
 * The ancestors of an event that have no place in the room yet, as far as its sender has them and the limits go: each
 * after its own ancestors.
 */
export async function collectMissingEvents(
  context: InboundContext,
  requests: RoomRequests,
  event: CheckedPdu,
  { extremityIds, minDepth }: KnownOfRoom,
): Promise<CheckedPdu[]> {
  const collected = new Map<string, CheckedPdu>();
  const placed = new Set<string>();
  let latest = [event];
  for (let round = 0; round < missingRoundsMax && latest.length > 0; round += 1) {
    const ids = latest.slice(0, NAMED_MAX).map(({ eventId }) => eventId);
    const found = await requests.missingEvents(extremityIds.slice(0, NAMED_MAX), ids, minDepth);
    const fresh = found.filter(
      ({ eventId, pdu }) =>
        eventId !== event.eventId && !collected.has(eventId) && pdu.depth >= minDepth,
    );
    for (const one of fresh.slice(0, missingEventsMax - collected.size)) {
      collected.set(one.eventId, one);
    }
    if (fresh.length === 0 || collected.size >= missingEventsMax) break;
    await notePlaced(context, [event, ...collected.values()], placed);
    latest = [...collected.values()].filter(({ pdu }) =>
      prevEventIds(pdu).some((id) => !collected.has(id) && !placed.has(id)),
    );
  }
  return ancestorsOf(event, collected);
}

async function notePlaced(
  { rooms }: InboundContext,
  events: readonly CheckedPdu[],
  placed: Set<string>,
): Promise<void> {
  const ids = new Set(events.flatMap(({ pdu }) => prevEventIds(pdu)));
  for (const id of placed) ids.delete(id);
  for (const [id, row] of await readGraphRows(rooms.database.reader, ids)) {
    if (row.state_before !== null) placed.add(id);
  }
}

/** Those that the event descends from, oldest first. Cycles do no harm. */
function ancestorsOf(event: CheckedPdu, collected: ReadonlyMap<string, CheckedPdu>): CheckedPdu[] {
  const ordered: CheckedPdu[] = [];
  const entered = new Set<string>([event.eventId]);
  const path = [{ event, next: 0 }];
  for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
    const id = prevEventIds(at.event.pdu)[at.next];
    at.next += 1;
    if (id === undefined) {
      path.pop();
      if (at.event !== event) ordered.push(at.event);
      continue;
    }
    const parent = collected.get(id);
    if (parent === undefined || entered.has(id)) continue;
    entered.add(id);
    path.push({ event: parent, next: 0 });
  }
  return ordered;
}
