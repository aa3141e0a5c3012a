import { canonicalJson } from '@soma/protocol';

import { write } from '../storage/database.ts';
import { pruneEventStatements, readUnprunedEvents } from './redaction-store.ts';
import type { Rooms } from './rooms.ts';
import { toStoredEvent } from './stored-event.ts';

const EVENTS_AT_ONCE = 100;

/**
 * Takes from the database what events lost by redactions that were sent before a time: what is left is what everybody
 * has been shown since (`redaction_retention_period`).
 */
export async function pruneRedacted(
  { database, versions }: Rooms,
  beforeTs: number,
  signal: AbortSignal,
): Promise<void> {
  const { reader } = database;
  while (!signal.aborted) {
    const rows = await readUnprunedEvents(reader, beforeTs, EVENTS_AT_ONCE);
    const statements = [];
    for (const row of rows) {
      const version = await versions.of(reader, row.room_nid);
      if (version === undefined) throw new Error(`room ${row.room_nid} has no version`);
      const { pdu, eventNid } = toStoredEvent(row, version);
      statements.push(...pruneEventStatements(eventNid, canonicalJson(pdu)));
    }
    if (statements.length > 0) await write(database, { statements, positions: 0 });
    if (rows.length < EVENTS_AT_ONCE) return;
  }
}
