import { hash } from 'node:crypto';

import { query, statement } from '../storage/sql.ts';
import type { Statement } from '../storage/sql.ts';
import type { Rooms } from './rooms.ts';

const insertTransaction = query(
  'insert into transactions (device_nid, request_hash, answer, created_ts) values (?, ?, ?, ?)',
);
const findTransaction = query<{ answer: string }>(
  'select answer from transactions where device_nid = ? and request_hash = ?',
);

/** 128 bits name a request among one device's. */
const REQUEST_HASH_BYTES = 16;

/** Requests with a transaction ID that are under way, so that a repetition waits for the first. */
export class RunningTransactions {
  readonly #running = new Map<string, Promise<string>>();

  run(key: string, body: () => Promise<string>): Promise<string> {
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = body().finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }
}

/** A request that a device may repeat (CS API, "Transaction identifiers"). */
export interface TransactionRequest {
  readonly deviceNid: number;
  /** What makes the request this one: the operation and its path parameters, the transaction ID among them. */
  readonly path: readonly string[];
}

/**
 * Runs `body` once for each request of a device, also across restarts. `body` must put the statement that it
 * is given, made from its answer, into the change that does the work.
 *
 * Resolves to the answer of the first time.
 */
export async function once(
  rooms: Rooms,
  request: TransactionRequest,
  body: (remember: (answer: string) => Statement) => Promise<string>,
): Promise<string> {
  const requestHash = hash('sha256', JSON.stringify(request.path), 'buffer').subarray(
    0,
    REQUEST_HASH_BYTES,
  );
  const key = `${request.deviceNid}:${requestHash.toString('latin1')}`;
  return rooms.transactions.run(key, async () => {
    const known = await rooms.database.reader.get(findTransaction, request.deviceNid, requestHash);
    if (known !== undefined) return known.answer;
    return body((answer) =>
      statement(insertTransaction, request.deviceNid, requestHash, answer, rooms.now()),
    );
  });
}
