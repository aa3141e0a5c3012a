import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

const insertTransaction = query(
  'insert into transactions (device_nid, request_hash, answer, created_ts) values (?, ?, ?, ?)',
);
const findTransaction = query<{ answer: string }>(
  'select answer from transactions where device_nid = ? and request_hash = ?',
);

/** Remembers what a device's request was answered; belongs into the change that does what was asked. */
export function insertTransactionStatement(
  deviceNid: number,
  requestHash: Uint8Array,
  answer: string,
  nowMs: number,
): Statement {
  return statement(insertTransaction, deviceNid, requestHash, answer, nowMs);
}

/** What the device's request was answered the first time. */
export async function readTransaction(
  reader: Reader,
  deviceNid: number,
  requestHash: Uint8Array,
): Promise<string | undefined> {
  const row = await reader.get(findTransaction, deviceNid, requestHash);
  return row?.answer;
}
