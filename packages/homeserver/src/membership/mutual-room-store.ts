import { query } from '../storage/sql.ts';
import type { Reader } from '../storage/sql.ts';

/** (user, other user); the primary key of memberships answers both. */
const shared = `from memberships a join memberships b on b.room_nid = a.room_nid
  where a.user_nid = ? and b.user_nid = ? and a.membership = 1 and b.membership = 1`;
const page = query<{ room_nid: number }>(
  `select a.room_nid ${shared} and a.room_nid > ? order by a.room_nid limit ?`,
);
const total = query<{ count: number }>(`select count(*) as count ${shared}`);

/** Rooms that both users have joined, above a room. */
export async function readSharedRooms(
  reader: Reader,
  userNid: number,
  otherNid: number,
  above: number,
  limit: number,
): Promise<number[]> {
  const rows = await reader.all(page, userNid, otherNid, above, limit);
  return rows.map((row) => row.room_nid);
}

export async function countSharedRooms(
  reader: Reader,
  userNid: number,
  otherNid: number,
): Promise<number> {
  return (await reader.get(total, userNid, otherNid))?.count ?? 0;
}
