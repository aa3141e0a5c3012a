import type { Guard } from '../storage/change.ts';
import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { POSITION, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

interface Place {
  readonly userNid: number;
  readonly deviceNid: number;
}

/** A message that waits for its device. */
export interface ToDeviceMessage {
  readonly position: number;
  readonly senderNid: number;
  readonly type: string;
  /** JSON text. */
  readonly content: string;
}

interface Row {
  readonly position: number;
  readonly sender_nid: number;
  readonly type: string;
  readonly content: string;
}

const insert = query(
  `insert into to_device_messages (user_nid, device_nid, position, sender_nid, type, content)
   select cast(? as bigint), device_nid, cast(? as bigint), cast(? as bigint),
     cast(? as text), cast(? as text)
   from devices where device_nid = ?`,
);
const waiting = query<Row>(
  `select position, sender_nid, type, content from to_device_messages
   where user_nid = ? and device_nid = ? and position > ? and position <= ?
   order by position limit ?`,
);
const acknowledged = query(
  `select 1 as one from to_device_messages
   where user_nid = ? and device_nid = ? and position <= ? limit 1`,
);
const remove = query(
  'delete from to_device_messages where user_nid = ? and device_nid = ? and position <= ?',
);
const transaction = query(
  `select 1 as one from to_device_transactions
   where user_nid = ? and device_nid = ? and hash = ?`,
);
const putTransaction = query(
  'insert into to_device_transactions (user_nid, device_nid, hash, ts) values (?, ?, ?, ?)',
);
const expireTransactions = query(
  'delete from to_device_transactions where user_nid = ? and device_nid = ? and ts < ?',
);

/**
 * Leaves a message for the device, if it is still there, at the change's position: one message for each device and
 * change. The change must touch the device.
 */
export function insertToDeviceStatement(
  to: Place,
  message: Omit<ToDeviceMessage, 'position'>,
): Statement {
  const { senderNid, type, content } = message;
  const what = [senderNid, escapeText(type), content] as const;
  return statement(insert, to.userNid, POSITION, ...what, to.deviceNid);
}

/** The first that wait for the device above one position, up to and with another. */
export async function readToDevice(
  reader: Reader,
  { userNid, deviceNid }: Place,
  range: { readonly above: number; readonly upTo: number; readonly limit: number },
): Promise<ToDeviceMessage[]> {
  const { above, upTo, limit } = range;
  const rows = await reader.all(waiting, userNid, deviceNid, above, upTo, limit);
  return rows.map((row) => ({
    position: row.position,
    senderNid: row.sender_nid,
    type: unescapeText(row.type),
    content: row.content,
  }));
}

/** Whether there is something to delete, which costs a commit. */
export async function hasToDeviceUpTo(
  reader: Reader,
  { userNid, deviceNid }: Place,
  position: number,
): Promise<boolean> {
  return (await reader.get(acknowledged, userNid, deviceNid, position)) !== undefined;
}

export function deleteToDeviceStatement(
  { userNid, deviceNid }: Place,
  position: number,
): Statement {
  return statement(remove, userNid, deviceNid, position);
}

/** Holds while the sender has not made this transaction. */
export function transactionIsNew({ userNid, deviceNid }: Place, hash: Uint8Array): Guard {
  return {
    name: 'transaction-is-new',
    check: statement(transaction, userNid, deviceNid, hash),
    expect: 'absent',
  };
}

/** Remembers a transaction, and forgets those from before `expiredTs`. */
export function rememberTransactionStatements(
  { userNid, deviceNid }: Place,
  hash: Uint8Array,
  nowTs: number,
  expiredTs: number,
): readonly Statement[] {
  return [
    statement(expireTransactions, userNid, deviceNid, expiredTs),
    statement(putTransaction, userNid, deviceNid, hash, nowTs),
  ];
}
