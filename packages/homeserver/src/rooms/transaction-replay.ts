import { isJsonObject } from '@soma/protocol';

import { boundedCache } from '../storage/bounded-cache.ts';
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

/** Answers kept in memory: what a client repeats, it mostly repeats at once. */
const ANSWERS_MAX = 10_000;

/** Requests with a transaction ID that are under way or were answered lately. */
export class RunningTransactions {
  readonly #running = new Map<string, Promise<string>>();
  readonly #answers = boundedCache<string, string>(ANSWERS_MAX);

  /** Runs `body` unless the request is under way or was answered lately: then that answer is this one's too. */
  run(request: RepeatableRequest, body: () => Promise<string>): Promise<string> {
    const { deviceNid, transactionId, roomNid, type, redacts } = request;
    const key = `${deviceNid} ${roomNid} ${type.length} ${type}${redacts ?? ''} ${transactionId}`;
    const answered = this.#answers.get(key);
    if (answered !== undefined) return Promise.resolve(answered);
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = this.#answer(key, body);
    this.#running.set(key, started);
    return started;
  }

  async #answer(key: string, body: () => Promise<string>): Promise<string> {
    try {
      const answer = await body();
      this.#answers.set(key, answer);
      return answer;
    } finally {
      this.#running.delete(key);
    }
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
