import type { Reader } from '../storage/sql.ts';
import { Turn } from '../streams/turns.ts';
import { readSnapshotPart, readSnapshotPath } from './state-store.ts';

/** The state that a snapshot stands for, of whatever size: state key nid → event nid. Others get their turn meanwhile. */
export async function readWholeState(
  reader: Reader,
  snapshotNid: number,
): Promise<Map<number, number>> {
  const entries = new Map<number, number | null>();
  const turn = new Turn();
  const { path } = await readSnapshotPath(reader, snapshotNid);
  // What a newer node says of a key, no older one changes.
  for (const { nid } of path.toReversed()) {
    for (let above = 0; ;) {
      const rows = await readSnapshotPart(reader, nid, above);
      for (const { state_key_nid: keyNid, event_nid: eventNid } of rows) {
        if (!entries.has(keyNid)) entries.set(keyNid, eventNid);
      }
      const last = rows.at(-1);
      if (last === undefined) break;
      above = last.state_key_nid;
      await turn.pauseIfDue();
    }
  }
  const state = new Map<number, number>();
  for (const [keyNid, eventNid] of entries) if (eventNid !== null) state.set(keyNid, eventNid);
  return state;
}
