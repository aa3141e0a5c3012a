import type { JsonObject } from '@soma/protocol';

import type { Reader } from '../storage/sql.ts';
import { readAllReceiptRows, readReceiptRows } from './receipt-store.ts';
import type { ReceiptRow } from './receipt-store.ts';
import { MAIN_TIMELINE, UNTHREADED } from './thread.ts';

/**
 * The content of an `m.receipt` with what was set in (`above`, `upTo`], undefined when nothing was. Private
 * receipts are those of `forUserNid` alone. All receipts of the room for an `above` below 1.
 */
export async function readReceiptsChanged(
  reader: Reader,
  roomNid: number,
  above: number,
  upTo: number,
  forUserNid: number,
): Promise<JsonObject | undefined> {
  const rows = await readReceiptRows(reader, roomNid, above, upTo, forUserNid);
  return rows.length === 0 ? undefined : receiptContent(rows);
}

/** The same with the private receipts of those whose they may be. */
export async function readReceiptsFor(
  reader: Reader,
  roomNid: number,
  above: number,
  upTo: number,
  seesPrivateOf: (userId: string) => boolean,
): Promise<JsonObject | undefined> {
  const all = await readAllReceiptRows(reader, roomNid, above, upTo);
  const rows = all.filter(({ type, userId }) => type === 'm.read' || seesPrivateOf(userId));
  return rows.length === 0 ? undefined : receiptContent(rows);
}

type Receipt = { ts: number; thread_id?: string };

/**
 * Event ID → type → user ID → receipt. The format has room for one receipt of a user and type at an event: the
 * unthreaded one says the most, then that of the main timeline.
 */
function receiptContent(rows: readonly ReceiptRow[]): JsonObject {
  const events = new Map<string, Map<string, Map<string, Receipt>>>();
  for (const row of [...rows].sort((a, b) => breadth(a) - breadth(b))) {
    const types = entry(events, row.eventId, () => new Map<string, Map<string, Receipt>>());
    entry(types, row.type, () => new Map<string, Receipt>()).set(row.userId, {
      ts: row.ts,
      ...threadOf(row),
    });
  }
  return Object.fromEntries(
    [...events].map(([eventId, types]) => [
      eventId,
      Object.fromEntries(
        [...types].map(([type, users]): [string, JsonObject] => [type, Object.fromEntries(users)]),
      ),
    ]),
  );
}

function breadth({ threadNid }: ReceiptRow): number {
  if (threadNid === UNTHREADED) return 2;
  return threadNid === MAIN_TIMELINE ? 1 : 0;
}

function threadOf({ threadNid, threadId }: ReceiptRow): { thread_id?: string } {
  if (threadNid === UNTHREADED) return {};
  return { thread_id: threadId ?? 'main' };
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
