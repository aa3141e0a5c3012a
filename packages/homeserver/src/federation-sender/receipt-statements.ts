import { isLocalUser } from '../ephemeral/is-local-user.ts';
import { readReceiptRows } from '../ephemeral/receipt-store.ts';
import type { ReceiptRow } from '../ephemeral/receipt-store.ts';
import { MAIN_TIMELINE } from '../ephemeral/thread.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import { OutboxKind, enqueue } from './outbox-store.ts';
import { readRoomId } from './pdu-store.ts';
import type { ServersAlongLog, Stretch } from './servers-along-log.ts';
import type { StoredReceipt } from './stored-edus.ts';

export interface ReceiptParts {
  readonly serverName: string;
  readonly servers: ServersAlongLog;
  readonly allows: (serverName: string) => boolean;
}

/** Whose private receipts are read: nobody's. */
const NOBODY = -1;

/** The public receipts of users of this server in a stretch of the log, as they go into the outbox. */
export async function receiptStatements(
  reader: Reader,
  roomNids: Iterable<number>,
  { above, upTo, now }: Stretch,
  { serverName, servers, allows }: ReceiptParts,
): Promise<{
  readonly statements: readonly Statement[];
  /** By room, the servers for which there are some. */
  readonly destinations: ReadonlyMap<number, readonly string[]>;
}> {
  const statements: Statement[] = [];
  const destinations = new Map<number, readonly string[]>();
  for (const roomNid of roomNids) {
    const others = (await servers.othersAt(reader, roomNid, now)).filter(allows);
    if (others.length === 0) continue;
    const rows = await readReceiptRows(reader, roomNid, above, upTo, NOBODY);
    const own = rows.filter(({ userId }) => isLocalUser(userId, serverName));
    const roomId = await readRoomId(reader, roomNid);
    for (const row of own) {
      const key = JSON.stringify([roomNid, row.userId, row.threadNid]);
      const receipt = toStored(roomId, row);
      for (const other of others) {
        statements.push(...enqueue(other, OutboxKind.receipt, key, receipt, upTo));
      }
    }
    if (own.length > 0) destinations.set(roomNid, others);
  }
  return { statements, destinations };
}

function toStored(roomId: string, row: ReceiptRow): StoredReceipt {
  const { userId, eventId, ts, threadNid, threadId } = row;
  return { roomId, userId, eventId, ts, threadId: threadNid === MAIN_TIMELINE ? 'main' : threadId };
}
