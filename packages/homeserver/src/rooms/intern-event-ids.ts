import { write } from '../storage/database.ts';
import { readEventNid } from './event-store.ts';
import { internEventIdStatements } from './graph-store.ts';
import type { Rooms } from './rooms.ts';

/** The nids of events by ID, interned by a commit of its own where they are new. */
export async function internEventIds(
  { database, eventNids }: Rooms,
  eventIds: readonly string[],
): Promise<Map<string, number>> {
  const nids = new Map<string, number>();
  const unknown: string[] = [];
  for (const eventId of new Set(eventIds)) {
    const nid = await readEventNid(database.reader, eventId);
    if (nid === undefined) unknown.push(eventId);
    else nids.set(eventId, nid);
  }
  if (unknown.length === 0) return nids;
  const statements = [];
  for (const eventId of unknown) {
    statements.push(...internEventIdStatements(eventId, await eventNids.next()));
  }
  const returning = unknown.map((_, index) => 2 * index + 1);
  const { rows } = await write(database, { statements, returning, positions: 0 });
  for (const [index, eventId] of unknown.entries()) {
    nids.set(eventId, Number(rows[index]?.[0]?.['event_nid']));
  }
  return nids;
}
