import { canonicalJson } from '@soma/protocol';

import { write } from '../storage/database.ts';
import { pruneEventStatements, readUnprunedEvents } from './redaction-store.ts';
import type { UnprunedEvent } from './redaction-store.ts';
import type { Rooms } from './rooms.ts';
import { toStoredEvent } from './stored-event.ts';

const EVENTS_AT_ONCE = 100;
/** A redaction that says it is from later than that would keep those after it waiting for ever. */
const AHEAD_MS_MAX = 24 * 60 * 60_000;

/**
 * Takes from the database what events lost by redactions that were sent before a time: what is left is what everybody
 * has been shown since (`redaction_retention_period`).
 */
export async function pruneRedacted(
  rooms: Rooms,
  beforeTs: number,
  signal: AbortSignal,
): Promise<void> {
  const { database } = rooms;
  while (!signal.aborted) {
    const latestTs = rooms.now() + AHEAD_MS_MAX;
    const found = await readUnprunedEvents(database.reader, EVENTS_AT_ONCE);
    const due = found.filter(({ redacted_ts: ts }) => ts < beforeTs || ts > latestTs);
    if (due.length === 0) return;
    const statements = [];
    for (const row of due) {
      statements.push(...pruneEventStatements(row.event_nid, await prunedJson(rooms, row)));
    }
    await write(database, { statements, positions: 0 });
  }
}

async function prunedJson({ database, versions }: Rooms, row: UnprunedEvent): Promise<string> {
  const version = await versions.of(database.reader, row.room_nid);
  if (version === undefined) throw new Error(`room ${row.room_nid} has no version`);
  return canonicalJson(toStoredEvent(row, version).pdu);
}
