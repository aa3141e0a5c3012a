import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

/** A transaction as it is told, however often. */
export interface StoredTransaction {
  readonly number: number;
  readonly transactionId: string;
  /** JSON text. */
  readonly body: string;
}

interface QueueRow {
  readonly number: number;
  readonly transaction_id: string;
  readonly body: string | null;
}

const one = query<QueueRow>(
  'select number, transaction_id, body from service_queues where service_id = ?',
);
const insert = query(
  `insert into service_queues (service_id, number, transaction_id, body) values (?, 0, '', null)
   on conflict do nothing`,
);
const put = query(
  'update service_queues set number = ?, transaction_id = ?, body = ? where service_id = ?',
);
const taken = query('update service_queues set body = null where service_id = ? and number = ?');

/** Where a service's queue stands; undefined for a service that is new. */
export async function readServiceQueue(
  reader: Reader,
  serviceId: string,
): Promise<
  { readonly number: number; readonly waiting: StoredTransaction | undefined } | undefined
> {
  const row = await reader.get(one, escapeText(serviceId));
  if (row === undefined) return undefined;
  const { number, body } = row;
  const transactionId = row.transaction_id;
  const waiting = body === null ? undefined : { number, transactionId, body: unescapeText(body) };
  return { number, waiting };
}

export function insertServiceQueueStatement(serviceId: string): Statement {
  return statement(insert, escapeText(serviceId));
}

export function putTransactionStatement(
  serviceId: string,
  { number, transactionId, body }: StoredTransaction,
): Statement {
  return statement(put, number, transactionId, escapeText(body), escapeText(serviceId));
}

export function transactionTakenStatement(serviceId: string, number: number): Statement {
  return statement(taken, escapeText(serviceId), number);
}
