import { integerList, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import { eventColumns } from './event-store.ts';
import type { EventRow } from './event-store.ts';

/** A redacted event, of which the database still has what it lost. */
export interface UnprunedEvent extends EventRow {
  /** When its redaction says that it was sent. */
  readonly redacted_ts: number;
}

const unpruned = query<UnprunedEvent>(
  `select ${eventColumns}, s.origin_server_ts as redacted_ts from redactions r
   join events s on s.event_nid = r.redaction_nid
   join events e on e.event_nid = r.target_nid
   where r.pruned = 0 and r.valid = 1 order by r.redaction_nid limit ?`,
);
const effective = query<{ redaction_nid: number }>(
  'select redaction_nid from redactions where target_nid {in} and valid = 1',
);
const prune = query('update events set json = ? where event_nid = ?');
const markPruned = query('update redactions set pruned = 1 where target_nid = ?');

/** Those whose redactions came first. */
export function readUnprunedEvents(reader: Reader, limit: number): Promise<UnprunedEvent[]> {
  return reader.all(unpruned, limit);
}

export function pruneEventStatements(eventNid: number, json: string): Statement[] {
  return [statement(prune, json, eventNid), statement(markPruned, eventNid)];
}

/** The redactions of these events that have taken effect. */
export async function readEffectiveRedactions(
  reader: Reader,
  targetNids: readonly number[],
): Promise<ReadonlySet<number>> {
  const rows = await reader.all(effective, integerList(targetNids));
  return new Set(rows.map((row) => row.redaction_nid));
}
