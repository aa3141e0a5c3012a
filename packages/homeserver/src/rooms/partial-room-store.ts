import { query } from '../storage/sql.ts';
import type { Reader } from '../storage/sql.ts';

const partialRoom = query('select 1 as found from partial_rooms where room_nid = ?');

/** Whether the members of a room are still being learned after a join. */
export async function readIsPartial(reader: Reader, roomNid: number): Promise<boolean> {
  return (await reader.get(partialRoom, roomNid)) !== undefined;
}
