import { write } from '../storage/database.ts';
import { internEventIdsStatements, internedEventIds, readEventNids } from './graph-store.ts';
import type { Rooms } from './rooms.ts';

/** The nids of events by ID, interned by a commit of its own where they are new. */
export async function internEventIds(
  { database, eventNids }: Rooms,
  eventIds: readonly string[],
): Promise<Map<string, number>> {
  const ids = [...new Set(eventIds)];
  const nids = await readEventNids(database.reader, ids);
  const fresh: [eventId: string, nid: number][] = [];
  for (const id of ids) if (!nids.has(id)) fresh.push([id, await eventNids.next()]);
  if (fresh.length === 0) return nids;
  const statements = internEventIdsStatements(fresh);
  const returning = [statements.length - 1];
  const { rows } = await write(database, { statements, returning, positions: 0 });
  for (const [id, nid] of internedEventIds(rows[0] ?? [])) nids.set(id, nid);
  return nids;
}
