import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import { eventColumns } from './event-store.ts';
import type { EventRow } from './event-store.ts';

const unpruned = query<EventRow>(
  `select ${eventColumns} from events e
   where e.event_nid in (
     select r.target_nid from redactions r join events s on s.event_nid = r.redaction_nid
     where r.pruned = 0 and r.valid = 1 and s.origin_server_ts < ? limit ?)`,
);
const prune = query('update events set json = ? where event_nid = ?');
const markPruned = query('update redactions set pruned = 1 where target_nid = ?');

/** Redacted events, of which the database still has what they lost by redactions from before a time. */
export function readUnprunedEvents(
  reader: Reader,
  beforeTs: number,
  limit: number,
): Promise<EventRow[]> {
  return reader.all(unpruned, beforeTs, limit);
}

export function pruneEventStatements(eventNid: number, json: string): Statement[] {
  return [statement(prune, json, eventNid), statement(markPruned, eventNid)];
}
