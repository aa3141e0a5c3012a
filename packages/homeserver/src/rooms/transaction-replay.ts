import { isJsonObject } from '@soma/protocol';

import type { Reader } from '../storage/sql.ts';
import { readEventsOfTransaction } from './event-store.ts';
import type { EventRow } from './event-store.ts';

/** A request that a device may repeat (CS API, "Transaction identifiers"). */
export interface RepeatableRequest {
  readonly deviceNid: number;
  readonly transactionId: string;
  readonly roomNid: number;
  readonly type: string;
  readonly redacts: string | undefined;
}

/** Requests with a transaction ID that are under way, so that a repetition waits for the first. */
export class RunningTransactions {
  readonly #running = new Map<string, Promise<string>>();

  /** Runs `body` once at a time for each request; who repeats it meanwhile gets the same answer. */
  run(request: RepeatableRequest, body: () => Promise<string>): Promise<string> {
    const { deviceNid, transactionId, roomNid, type, redacts } = request;
    const key = JSON.stringify([deviceNid, roomNid, type, redacts ?? null, transactionId]);
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = body().finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }
}

/** The ID of the event that the request made before, also in an earlier run of the server. */
export async function findAnswered(
  reader: Reader,
  request: RepeatableRequest,
): Promise<string | undefined> {
  const rows = await readEventsOfTransaction(reader, request.deviceNid, request.transactionId);
  return rows.find((row) => isOf(request, row))?.event_id;
}

/** A transaction ID counts per endpoint: the room, the type and what is redacted are part of the path. */
function isOf({ roomNid, type, redacts }: RepeatableRequest, row: EventRow): boolean {
  if (row.room_nid !== roomNid) return false;
  const pdu: unknown = JSON.parse(row.json);
  if (!isJsonObject(pdu) || pdu['type'] !== type) return false;
  const { content } = pdu;
  const redacted = pdu['redacts'] ?? (isJsonObject(content) ? content['redacts'] : undefined);
  return type !== 'm.room.redaction' || redacted === redacts;
}
