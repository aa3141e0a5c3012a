import { followersOf } from '../ephemeral/thread-store.ts';
import type { ThreadPlace } from '../ephemeral/thread.ts';
import { query, statement } from '../storage/sql.ts';
import type { Statement } from '../storage/sql.ts';

/** Where events were counted in the main timeline that belong into a thread: (hops of their ancestor, ancestor, room). */
const movedFrom = `${followersOf},
  moved (position) as (select e.event_order from followers f join events e on e.event_nid = f.event_nid
    where e.event_order > 0),
  numbers as (select n.room_nid, n.rule_set_nid, n.position, n.highlights
    from unread_threads t join unread_numbers n
      on n.room_nid = t.room_nid and n.rule_set_nid = t.rule_set_nid and n.thread_nid = t.thread_nid
    where t.room_nid = ? and t.thread_nid = 0 and n.position in (select position from moved))`;

/** A running number of the thread as it was below a position, and what is added to it up to there. */
function numberOf(column: string, added: string): string {
  return `coalesce((select o.${column} from unread_numbers o
      where o.room_nid = n.room_nid and o.rule_set_nid = n.rule_set_nid and o.thread_nid = cast(? as bigint)
        and o.position < n.position order by o.position desc limit 1), 0)
    + (select ${added} from numbers k where k.rule_set_nid = n.rule_set_nid and k.position <= n.position)`;
}

/** (…, thread, thread, thread) */
const addNumbers = query(
  `${movedFrom} insert into unread_numbers (room_nid, rule_set_nid, thread_nid, position, notify_number,
     highlight_number, highlights)
   select n.room_nid, n.rule_set_nid, cast(? as bigint), n.position,
     ${numberOf('notify_number', 'count(*)')}, ${numberOf('highlight_number', 'sum(k.highlights)')},
     n.highlights from numbers n`,
);
const addedBefore = (added: string): string =>
  `(select ${added} from numbers k
    where k.rule_set_nid = unread_numbers.rule_set_nid and k.position < unread_numbers.position)`;
/** Of what came later in the thread: (…, room, thread) */
const raiseNumbers = query(
  `${movedFrom} update unread_numbers set notify_number = notify_number + ${addedBefore('count(*)')},
     highlight_number = highlight_number + ${addedBefore('coalesce(sum(k.highlights), 0)')}
   where room_nid = ? and thread_nid = ? and rule_set_nid in (select rule_set_nid from numbers)
     and position > (select min(position) from numbers)
     and position not in (select position from moved)`,
);
const takeOut = query(
  `${movedFrom} insert into unread_redactions (room_nid, rule_set_nid, thread_nid, position, highlights)
   select room_nid, rule_set_nid, 0, position, highlights from numbers where position > 0
   on conflict do nothing`,
);
/** (…, thread) */
const noteThread = query(
  `${movedFrom} insert into unread_threads (room_nid, thread_nid, rule_set_nid, last_position)
   select room_nid, cast(? as bigint), rule_set_nid, max(position) from numbers
   group by room_nid, rule_set_nid
   on conflict (room_nid, thread_nid, rule_set_nid) do update
     set last_position = case when excluded.last_position > unread_threads.last_position
       then excluded.last_position else unread_threads.last_position end`,
);
/** (…, thread, room) */
const moveCorrections = query(
  `${movedFrom} update unread_corrections set thread_nid = ?
   where room_nid = ? and thread_nid = 0 and position in (select position from moved)`,
);

/**
 * Counts what stands on an event by its relationships, and came before it, in the event's thread. It keeps its place: who
 * has read the thread up to there has read it.
 */
export function moveToThreadStatements(
  roomNid: number,
  eventNid: number,
  { threadNid, hops }: ThreadPlace,
): Statement[] {
  const moved = [hops, eventNid, roomNid] as const;
  return [
    statement(addNumbers, ...moved, threadNid, threadNid, threadNid),
    statement(raiseNumbers, ...moved, roomNid, threadNid),
    statement(takeOut, ...moved),
    statement(noteThread, ...moved, threadNid),
    statement(moveCorrections, ...moved, threadNid, roomNid),
  ];
}
