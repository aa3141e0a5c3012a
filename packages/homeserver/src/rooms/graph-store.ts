import { integerList, query } from '../storage/sql.ts';
import type { Reader } from '../storage/sql.ts';

const stateAfter = query<{ state_after: number | null }>(
  'select state_after from events where event_nid = ?',
);

/** The first snapshot that holds a state event; undefined where it is not known. */
export async function readStateAfter(
  reader: Reader,
  eventNid: number,
): Promise<number | undefined> {
  return (await reader.get(stateAfter, eventNid))?.state_after ?? undefined;
}
