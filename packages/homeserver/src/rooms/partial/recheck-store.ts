import { integerList, query, statement } from '../../storage/sql.ts';
import type { Statement } from '../../storage/sql.ts';
import { EventFlag, UNACCEPTED_FLAGS } from '../event-store.ts';
import type { RecheckedEvent } from './recheck-events.ts';

const stage = query(
  `insert into rechecked_events (event_nid, room_nid, state_before, state_after, flags, rejected_by)
   values (?, ?, ?, ?, ?, ?)`,
);
const unstage = query('delete from rechecked_events where room_nid = ?');
const takeOver = query(
  `update events set state_before = r.state_before, state_after = r.state_after, flags = r.flags,
     rejected_by = r.rejected_by
   from rechecked_events r where r.event_nid = events.event_nid and r.room_nid = ?`,
);
const endExtremities = query('delete from forward_extremities where room_nid = ?');
const putExtremity = query('insert into forward_extremities (room_nid, event_nid) values (?, ?)');

const endRedactions = query(
  `update redactions set valid = 0 where valid = 1 and redaction_nid in
     (select event_nid from events where event_nid {in} and flags & ${UNACCEPTED_FLAGS} <> 0)`,
);
const unmarkRedacted = query(
  `update events set flags = flags & ~${EventFlag.redacted}
   where event_nid in (select target_nid from redactions where redaction_nid {in})
     and flags & ${EventFlag.redacted} <> 0
     and not exists (select 1 from redactions r where r.target_nid = events.event_nid and r.valid = 1)`,
);

/** What was found out about events; nobody sees it before it is taken over. */
export function stageRecheckedStatements(
  roomNid: number,
  events: Iterable<RecheckedEvent>,
): Statement[] {
  return [...events].map((event) =>
    statement(
      stage,
      event.eventNid,
      roomNid,
      event.stateBefore,
      event.stateAfter,
      event.flags,
      event.rejectedBy,
    ),
  );
}

export function unstageRecheckedStatement(roomNid: number): Statement {
  return statement(unstage, roomNid);
}

/** Makes the events what was found out about them, and these the room's ends. */
export function takeOverRecheckedStatements(
  roomNid: number,
  extremities: readonly number[],
): Statement[] {
  return [
    statement(takeOver, roomNid),
    statement(unstage, roomNid),
    statement(endExtremities, roomNid),
    ...extremities.map((nid) => statement(putExtremity, roomNid, nid)),
  ];
}

/** What these events have redacted stands again, where no other redaction holds; they must be hidden or rejected by now. */
export function withdrawRedactionStatements(eventNids: readonly number[]): Statement[] {
  if (eventNids.length === 0) return [];
  const list = integerList(eventNids);
  return [statement(endRedactions, list), statement(unmarkRedacted, list)];
}
