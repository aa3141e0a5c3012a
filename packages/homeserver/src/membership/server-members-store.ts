import { unescapeText } from '../storage/escape-text.ts';
import { query } from '../storage/sql.ts';
import type { Reader } from '../storage/sql.ts';
import { MembershipCode, membershipName } from './membership-store.ts';
import type { Membership } from './membership-store.ts';

/** Rows of one read, so that a room of any size holds nobody up. */
const ROWS_AT_ONCE = 1_000;

const changedAfter = query<{ user_nid: number; user_id: string; position: number }>(
  `select m.user_nid, u.user_id, m.position from memberships m
   join users u on u.user_nid = m.user_nid
   where m.room_nid = ? and m.membership = ? and (m.position, m.user_nid) > (?, ?)
   order by m.position, m.user_nid limit ${ROWS_AT_ONCE}`,
);

/** A user's membership of a room, and since which position. */
export interface MemberChange {
  readonly userNid: number;
  readonly userId: string;
  readonly membership: Membership;
  readonly position: number;
}

/** Members of a room whose membership has changed above a position, in parts. */
export async function* readMemberChanges(
  reader: Reader,
  roomNid: number,
  above: number,
): AsyncGenerator<readonly MemberChange[]> {
  for (const code of Object.values(MembershipCode)) {
    let [position, userNid] = [above, Number.MAX_SAFE_INTEGER];
    for (;;) {
      const rows = await reader.all(changedAfter, roomNid, code, position, userNid);
      const last = rows.at(-1);
      if (last === undefined) break;
      yield rows.map((row) => ({
        userNid: row.user_nid,
        userId: unescapeText(row.user_id),
        membership: membershipName(code),
        position: row.position,
      }));
      if (rows.length < ROWS_AT_ONCE) break;
      [position, userNid] = [last.position, last.user_nid];
    }
  }
}
