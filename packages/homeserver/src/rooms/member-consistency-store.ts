import { query } from '../storage/sql.ts';
import type { Query, Reader } from '../storage/sql.ts';
import type { TableProblem } from './consistency-store.ts';

/** A query that finds nothing in some sound rooms: (above which nid, up to which). */
interface MemberQuery {
  readonly problem: string;
  readonly of: Query<{ subject: number | string }>;
}

/** So many rooms are looked at by one query, so that none takes long. */
const ROOMS_AT_ONCE = 100;
/** Rows shown of each kind of problem. */
const ROWS_MAX = 20;

function soundness(problem: string, text: string): MemberQuery {
  return { problem, of: query(`${text} limit ${ROWS_MAX}`) };
}

/** Rooms that somebody of this server is in: elsewhere memberships may have come out of band. */
const isResident = (room: string): string =>
  `exists (select 1 from room_summaries s where s.room_nid = ${room} and s.local_joined_count > 0)`;
/** The event of a member in the current state. It is looked up row by row: a join may be planned by whole rooms. */
const currentEvent = `(select c.event_nid from event_types t
  join state_keys k on k.type_nid = t.type_nid and k.state_key = u.user_id
  join current_state c on c.room_nid = m.room_nid and c.type_nid = t.type_nid
    and c.state_key_nid = k.state_key_nid
  where t.type = 'm.room.member')`;
/** As it stands in the canonical JSON of a member event: within a string its quotes would be escaped. */
const inJson = `'%"membership":"' || case m.membership when 1 then 'join' when 2 then 'invite'
  when 3 then 'knock' when 4 then 'leave' when 5 then 'ban' else '?' end || '"%'`;

/**
 * What holds of the rows that are kept of members (DATA-MODEL, Proof). A membership that has ended by no event of the user
 * is a leave, and keeps the event that it had.
 */
const memberQueries: readonly MemberQuery[] = [
  soundness(
    'membership that differs from the current state',
    `select m.event_nid as subject from memberships m join users u on u.user_nid = m.user_nid
     where m.room_nid > ? and m.room_nid <= ? and ${isResident('m.room_nid')}
       and ${currentEvent} <> m.event_nid`,
  ),
  soundness(
    'membership that the current state does not have',
    `select m.event_nid as subject from memberships m left join users u on u.user_nid = m.user_nid
     where m.room_nid > ? and m.room_nid <= ? and m.membership <> 4 and ${isResident('m.room_nid')}
       and ${currentEvent} is null`,
  ),
  soundness(
    'member of the current state without a membership',
    `select c.event_nid as subject from current_state c
     where c.room_nid > ? and c.room_nid <= ? and ${isResident('c.room_nid')}
       and c.type_nid = (select type_nid from event_types where type = 'm.room.member')
       and (select m.event_nid from state_keys k join users u on u.user_id = k.state_key
         join memberships m on m.user_nid = u.user_nid and m.room_nid = c.room_nid
         where k.state_key_nid = c.state_key_nid) is null`,
  ),
  soundness(
    'membership other than its event says',
    `select m.event_nid as subject from memberships m
     where m.room_nid > ? and m.room_nid <= ? and (select e.json from events e
       join current_state c on c.room_nid = e.room_nid and c.type_nid = e.type_nid
         and c.state_key_nid = e.state_key_nid and c.event_nid = e.event_nid
       where e.event_nid = m.event_nid and e.room_nid = m.room_nid) not like ${inJson}`,
  ),
  soundness(
    'membership out of band other than its event says',
    `select m.event_nid as subject from memberships m
     join out_of_band_memberships o on o.event_nid = m.event_nid
     where m.room_nid > ? and m.room_nid <= ? and m.membership <> 4 and o.json not like ${inJson}`,
  ),
  soundness(
    'membership without its event',
    `select m.event_nid as subject from memberships m
     left join events e on e.event_nid = m.event_nid and e.room_nid = m.room_nid
     left join out_of_band_memberships o on o.event_nid = m.event_nid
       and o.user_nid = m.user_nid and o.room_nid = m.room_nid
     where m.room_nid > ? and m.room_nid <= ? and e.event_nid is null and o.event_nid is null`,
  ),
  soundness(
    'event out of band of nobody of this server, or that its room has as well',
    `select o.event_nid as subject from out_of_band_memberships o
     left join memberships m on m.user_nid = o.user_nid and m.room_nid = o.room_nid
     left join events e on e.event_nid = o.event_nid
     where o.room_nid > ? and o.room_nid <= ?
       and (m.local is null or m.local = 0 or e.event_nid is not null)`,
  ),
  soundness(
    'membership of a user of this server that is marked as of another, or the reverse',
    `select m.event_nid as subject from memberships m
     left join users u on u.user_nid = m.user_nid
     join meta n on n.name = 'server_name'
     where m.room_nid > ? and m.room_nid <= ? and (u.user_id is null
       or m.local <> case when u.user_id like '%:' || n.value then 1 else 0 end)`,
  ),
  soundness(
    'room that somebody has forgotten and not left',
    `select event_nid as subject from memberships
     where room_nid > ? and room_nid <= ? and forgotten <> 0
       and (local = 0 or membership not in (4, 5))`,
  ),
  soundness(
    'invitation or knock that shows nothing of the room, or another membership that does',
    `select event_nid as subject from memberships
     where room_nid > ? and room_nid <= ? and local = 1
       and (membership in (2, 3)) <> (stripped_state is not null)`,
  ),
  soundness(
    'membership above the clock',
    `select event_nid as subject from memberships
     where room_nid > ? and room_nid <= ?
       and position > (select position from clock where one = 1)`,
  ),
  soundness(
    'room whose member counts are wrong or absent',
    `select h.room_nid as subject from room_heads h
     left join room_summaries s on s.room_nid = h.room_nid
     where h.room_nid > ? and h.room_nid <= ? and (s.room_nid is null
       or s.local_joined_count <> (select count(*) from memberships m
         where m.room_nid = s.room_nid and m.membership = 1 and m.local = 1)
       or s.local_joined_count > 0 and (s.joined_count <> (select count(*) from memberships m
         where m.room_nid = s.room_nid and m.membership = 1)
       or s.invited_count <> (select count(*) from memberships m
         where m.room_nid = s.room_nid and m.membership = 2)))`,
  ),
  soundness(
    'current state that its last change did not make',
    `select c.event_nid as subject from current_state c
     where c.room_nid > ? and c.room_nid <= ? and not exists (
       select 1 from state_changes x where x.room_nid = c.room_nid
         and x.state_key_nid = c.state_key_nid and x.new_event_nid = c.event_nid
         and x.position = (select max(y.position) from state_changes y
           where y.room_nid = c.room_nid and y.state_key_nid = c.state_key_nid))`,
  ),
];

const lastRoom = query<{ room_nid: number | null }>('select max(room_nid) as room_nid from rooms');

/** What is wrong with the rows of members. */
export async function findMemberProblems(reader: Reader): Promise<TableProblem[]> {
  const problems: TableProblem[] = [];
  const last = (await reader.get(lastRoom))?.room_nid ?? 0;
  for (let above = 0; above < last; above += ROOMS_AT_ONCE) {
    for (const { problem, of } of memberQueries) {
      for (const { subject } of await reader.all(of, above, above + ROOMS_AT_ONCE)) {
        problems.push({ problem, subject });
      }
    }
  }
  return problems;
}
