import { unescapeText } from '../../storage/escape-text.ts';
import { query } from '../../storage/sql.ts';
import type { Reader } from '../../storage/sql.ts';

/** Users whose IDs end alike; the server's own are among the first. */
const CANDIDATES_MAX = 100;

/** (room, end of the user ID) */
const joinedLike = query<{ user_id: string }>(
  `select u.user_id from memberships m join users u on u.user_nid = m.user_nid
   where m.room_nid = ? and m.membership = 1 and u.user_id like ? limit ${CANDIDATES_MAX}`,
);

/** Joined users of a room whose IDs end with the server's name, as far as the letters go: there may be others among them. */
export async function readJoinedLike(
  reader: Reader,
  roomNid: number,
  serverName: string,
): Promise<string[]> {
  const rows = await reader.all(joinedLike, roomNid, `%:${serverName}`);
  return rows.map((row) => unescapeText(row.user_id));
}
