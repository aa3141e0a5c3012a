import { escapeText } from '../storage/escape-text.ts';
import { query, rowStatements, rowsQuery, statement } from '../storage/sql.ts';
import type { Reader, SqlParam, Statement } from '../storage/sql.ts';
import { MembershipCode } from './membership-store.ts';
import type { NewMembership } from './membership-store.ts';

const stage = rowsQuery(
  `insert into imported_members (snapshot_nid, user_nid, event_nid, membership, local, display_name,
     avatar_url)`,
  '(?, ?, ?, ?, ?, ?, ?)',
);
const isImported = `select 1 from imported_members i
  where i.snapshot_nid = ? and i.user_nid = memberships.user_nid`;
/** (room, snapshot). */
const isEnding = `room_nid = ? and local = 1 and membership <> ${MembershipCode.leave}
  and not exists (${isImported})`;
const others = query<{ user_nid: number }>(`select user_nid from memberships where ${isEnding}`);
/** (position, room, snapshot). */
const endOthers = query(
  `update memberships set membership = ${MembershipCode.leave}, position = ?, stripped_state = null
   where ${isEnding}`,
);
const deleteOthers = query(
  `delete from memberships where room_nid = ? and local = 0 and not exists (${isImported})`,
);
/** (room, position, snapshot). A row that was ended keeps its event, and may be of another membership than that. */
const copy = query(
  `insert into memberships (room_nid, user_nid, membership, event_nid, position, local, forgotten,
     display_name, avatar_url, stripped_state)
   select cast(? as bigint), user_nid, membership, event_nid, cast(? as bigint), local, 0,
     display_name, avatar_url, null
   from imported_members where snapshot_nid = ?
   on conflict (user_nid, room_nid) do update set membership = excluded.membership,
     event_nid = excluded.event_nid, position = excluded.position, forgotten = excluded.forgotten,
     display_name = excluded.display_name, avatar_url = excluded.avatar_url,
     stripped_state = excluded.stripped_state
   where memberships.event_nid <> excluded.event_nid
     or memberships.membership <> excluded.membership`,
);
const unstage = query('delete from imported_members where snapshot_nid = ?');

export function stageMembersStatements(
  snapshotNid: number,
  members: readonly Omit<NewMembership, 'roomNid' | 'position'>[],
): Statement[] {
  const rows = members.map((member) => [
    snapshotNid,
    member.userNid,
    member.eventNid,
    MembershipCode[member.membership],
    member.isLocal ? 1 : 0,
    member.displayName === null ? null : escapeText(member.displayName),
    member.avatarUrl === null ? null : escapeText(member.avatarUrl),
  ]);
  return rowStatements(stage, rows);
}

export function unstageMembersStatement(snapshotNid: number): Statement {
  return statement(unstage, snapshotNid);
}

/** The users of this server whose membership ends, since none of the staged ones is theirs. */
export async function readEndingMembers(
  reader: Reader,
  roomNid: number,
  snapshotNid: number,
): Promise<number[]> {
  return (await reader.all(others, roomNid, snapshotNid)).map((row) => row.user_nid);
}

/** Makes the staged members those of the room, and nobody else. */
export function importMembersStatements(
  roomNid: number,
  snapshotNid: number,
  position: SqlParam,
): Statement[] {
  return [
    statement(endOthers, position, roomNid, snapshotNid),
    statement(deleteOthers, roomNid, snapshotNid),
    statement(copy, roomNid, position, snapshotNid),
    unstageMembersStatement(snapshotNid),
  ];
}
