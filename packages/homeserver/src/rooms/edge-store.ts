import { integerList, query } from '../storage/sql.ts';
import type { Reader } from '../storage/sql.ts';
import { EdgeKind } from './event-store.ts';

const authEdges = query<{ to_event_nid: number }>(
  `select distinct to_event_nid from event_edges
   where event_nid {in} and kind = ${EdgeKind.auth}`,
);
const prevEdges = query<{ event_nid: number; to_event_nid: number }>(
  `select event_nid, to_event_nid from event_edges
   where event_nid {in} and kind = ${EdgeKind.prev}`,
);

/** The auth events of these events, each once. */
export async function readAuthNids(
  reader: Reader,
  eventNids: readonly number[],
): Promise<number[]> {
  if (eventNids.length === 0) return [];
  const rows = await reader.all(authEdges, integerList(eventNids));
  return rows.map((row) => row.to_event_nid);
}

/** The events that these events follow: event nid → nids of its prev events. */
export async function readPrevNids(
  reader: Reader,
  eventNids: readonly number[],
): Promise<Map<number, number[]>> {
  const found = new Map<number, number[]>();
  if (eventNids.length === 0) return found;
  for (const row of await reader.all(prevEdges, integerList(eventNids))) {
    const known = found.get(row.event_nid);
    if (known === undefined) found.set(row.event_nid, [row.to_event_nid]);
    else known.push(row.to_event_nid);
  }
  return found;
}

const idsOf = query<{ event_id: string }>('select event_id from events where event_nid {in}');

/** The IDs of these events, in any order. */
export async function readEventIds(
  reader: Reader,
  eventNids: readonly number[],
): Promise<string[]> {
  const rows = await reader.all(idsOf, integerList(eventNids));
  return rows.map((row) => row.event_id);
}

const otherTypes = query<{ event_nid: number }>(
  'select event_nid from events where event_nid {in} and type_nid <> ?',
);

/** Those of these events that are not of the type. */
export async function readNidsOfOtherTypes(
  reader: Reader,
  eventNids: readonly number[],
  typeNid: number,
): Promise<number[]> {
  const rows = await reader.all(otherTypes, integerList(eventNids), typeNid);
  return rows.map((row) => row.event_nid);
}
