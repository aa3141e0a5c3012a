import { query, statement } from '../../storage/sql.ts';
import type { Reader, Statement } from '../../storage/sql.ts';
import { HIDDEN_FLAGS } from '../event-store.ts';
import { RECURSION_DEPTH } from './relation-store.ts';

/** As many events that came before what they relate to are related to it when it comes. */
const WAITING_MAX = 5_000;

/** An event that came before what it relates to. */
export interface WaitingChild {
  readonly event_nid: number;
  readonly event_id: string;
  readonly event_order: number;
  readonly state_key_nid: number | null;
  readonly type_nid: number;
  readonly sender_nid: number;
  readonly origin_server_ts: number;
  readonly json: string;
}

const insertWaiting = query(
  'insert into waiting_relations (parent_nid, child_nid) values (?, ?) on conflict do nothing',
);
/** (parent, room) */
const waiting = query<WaitingChild>(
  `select e.event_nid, e.event_id, e.event_order, e.state_key_nid, e.type_nid, e.sender_nid,
     e.origin_server_ts, e.json
   from waiting_relations w join events e on e.event_nid = w.child_nid
   where w.parent_nid = ? and e.room_nid = ? and (e.flags & ${HIDDEN_FLAGS}) = 0
   order by e.event_order limit ${WAITING_MAX}`,
);
const deleteOfParent = query('delete from waiting_relations where parent_nid = ?');
const deleteOfChild = query('delete from waiting_relations where child_nid = ?');
/** What relates to an event relates indirectly to what that event relates to: (event, event, event, event). */
const insertThrough = query(
  `insert into indirect_relations (ancestor_nid, child_nid, distance, relation_type, child_order, type_nid)
   select a.nid, x.child_nid, a.distance + x.distance, x.relation_type, x.child_order, x.type_nid
   from (select parent_nid as nid, 1 as distance from relations where child_nid = ?
     union all select ancestor_nid, distance from indirect_relations where child_nid = ?) a
   cross join (select child_nid, 1 as distance, relation_type, child_order, type_nid
     from relations where parent_nid = ?
     union all select child_nid, distance, relation_type, child_order, type_nid
     from indirect_relations where ancestor_nid = ?) x
   where a.distance + x.distance <= ${RECURSION_DEPTH} on conflict do nothing`,
);

/** The event waits for the one that it relates to. */
export function waitForParentStatement(parentNid: number, childNid: number): Statement {
  return statement(insertWaiting, parentNid, childNid);
}

/** Those of a room that wait for an event, oldest first. */
export function readWaitingChildren(
  reader: Reader,
  parentNid: number,
  roomNid: number,
): Promise<WaitingChild[]> {
  return reader.all(waiting, parentNid, roomNid);
}

/** What waited for the event is related to it now. */
export function endWaitingStatement(parentNid: number): Statement {
  return statement(deleteOfParent, parentNid);
}

/** The event waits for nothing any more. */
export function stopWaitingStatement(childNid: number): Statement {
  return statement(deleteOfChild, childNid);
}

/** Of an event that is related to another only now: what relates to it, through it. */
export function relateThroughStatement(eventNid: number): Statement {
  return statement(insertThrough, eventNid, eventNid, eventNid, eventNid);
}
