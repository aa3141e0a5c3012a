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

/** Who is no longer in the state at all, after two states were resolved: (room, above). */
const removedAfter = query<{ user_nid: number; user_id: string; position: number }>(
  `select u.user_nid, u.user_id, c.position from state_changes c
   join state_keys k on k.state_key_nid = c.state_key_nid
   join event_types t on t.type_nid = k.type_nid and t.type = 'm.room.member'
   join users u on u.user_id = k.state_key
   where c.room_nid = ? and c.position > ? and c.new_event_nid is null`,
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
      yield rows.map((row) => toChange(row, membershipName(code)));
      if (rows.length < ROWS_AT_ONCE) break;
      [position, userNid] = [last.position, last.user_nid];
    }
  }
  const removed = await reader.all(removedAfter, roomNid, above);
  yield removed.map((row) => toChange(row, 'leave'));
}

function toChange(
  row: { readonly user_nid: number; readonly user_id: string; readonly position: number },
  membership: Membership,
): MemberChange {
  const { user_nid: userNid, position } = row;
  return { userNid, userId: unescapeText(row.user_id), membership, position };
}
