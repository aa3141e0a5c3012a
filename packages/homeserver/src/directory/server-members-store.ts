import { parseUserId, serverNameOf } from '@soma/protocol';

import { unescapeText } from '../storage/escape-text.ts';
import { query } from '../storage/sql.ts';
import type { Reader } from '../storage/sql.ts';

const candidates = query<{ membership: number; user_id: string }>(
  `select m.membership, u.user_id from memberships m join users u on u.user_nid = m.user_nid
   where m.room_nid = ? and m.membership in (1, 2) and m.local = 0 and u.user_id like ? escape '!'
   order by m.membership`,
);

const ownMembers = query(
  'select 1 as one from room_summaries where room_nid = ? and local_joined_count > 0',
);

/** Whether users of this server are in a room, so that it hears of what happens there. */
export async function hasOwnMembers(reader: Reader, roomNid: number): Promise<boolean> {
  return (await reader.get(ownMembers, roomNid)) !== undefined;
}

/** Whether users of another server are in a room, or at least invited. */
export async function readMembershipOfServer(
  reader: Reader,
  roomNid: number,
  serverName: string,
): Promise<'join' | 'invite' | undefined> {
  const pattern = `%:${serverName.replaceAll(/[!%_]/g, '!$&')}`;
  // The pattern fits names that merely end so, too.
  const found = (await reader.all(candidates, roomNid, pattern)).find(({ user_id: text }) => {
    const userId = parseUserId(unescapeText(text));
    return userId !== undefined && serverNameOf(userId) === serverName;
  });
  if (found === undefined) return undefined;
  return found.membership === 1 ? 'join' : 'invite';
}
