import { hash } from 'node:crypto';

import type { Statement } from '../storage/sql.ts';
import type { Rooms } from './rooms.ts';
import { insertTransactionStatement, readTransaction } from './transaction-store.ts';

/** 128 bits name a request among one device's. */
const REQUEST_HASH_BYTES = 16;

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
    const known = await readTransaction(rooms.database.reader, request.deviceNid, requestHash);
    if (known !== undefined) return known;
    return body((answer) =>
      insertTransactionStatement(request.deviceNid, requestHash, answer, rooms.now()),
    );
  });
}
