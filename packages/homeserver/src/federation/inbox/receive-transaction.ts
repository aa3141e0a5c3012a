import { isJsonObject } from '@soma/protocol';
import type { JsonObject, JsonValue, ServerName } from '@soma/protocol';

import { badJson, limitExceeded } from '../../errors/matrix-error.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import { boundedCache } from '../../storage/bounded-cache.ts';
import type { Statement } from '../../storage/sql.ts';
import type { EduHandlers } from '../edus/edu-handlers.ts';
import type { Edu } from '../edus/edu-type.ts';
import { RoomsOfTransaction, admitPdu } from './admit-pdu.ts';
import type { PduAdmission } from './admit-pdu.ts';
import {
  insertAnswerStatement,
  readAnswer,
  trimAnswersStatement,
  unansweredGuard,
} from './inbox-store.ts';
import type { Inbox, InboxEvent } from './inbox.ts';
import {
  answersOfOriginMax,
  edusMax,
  originsRememberedMax,
  pdusMax,
  retryAfterMs,
  transactionsAtOnceMax,
} from './limits.ts';
import { elementTexts } from './member-texts.ts';

export interface TransactionOptions {
  readonly rooms: Rooms;
  readonly keyRing: PduAdmission['keyRing'];
  readonly inbox: Inbox;
  readonly edus: EduHandlers;
}

/** Takes the transactions of other servers (SS API, "Transactions"). */
export class Transactions {
  readonly #options: TransactionOptions;
  /** By origin and transaction ID. */
  readonly #running = new Map<ServerName, Map<string, Promise<string>>>();

  /** Answers since those to a server were trimmed. */
  readonly #answers = boundedCache<ServerName, number>(originsRememberedMax);

  constructor(options: TransactionOptions) {
    this.#options = options;
  }

  /**
   * Resolves to the JSON text of the answer when all that was sent is on disk. A transaction that comes again gets the
   * same answer. Throws `400 M_BAD_JSON`, and `429 M_LIMIT_EXCEEDED` where too much waits already.
   *
   * @param json the body as it was sent
   */
  async receive(origin: ServerName, transactionId: string, json: string): Promise<string> {
    const running = this.#running.get(origin) ?? new Map<string, Promise<string>>();
    const same = running.get(transactionId);
    if (same !== undefined) return same;
    if (running.size >= transactionsAtOnceMax) throw limitExceeded(retryAfterMs);
    const started = this.#receive(origin, transactionId, json).finally(() => {
      running.delete(transactionId);
      if (running.size === 0) this.#running.delete(origin);
    });
    running.set(transactionId, started);
    this.#running.set(origin, running);
    return started;
  }

  async #receive(origin: ServerName, transactionId: string, json: string): Promise<string> {
    const { rooms, inbox, edus: handlers } = this.#options;
    const { database } = rooms;
    const before = await readAnswer(database.reader, origin, transactionId);
    if (before !== undefined) return before;
    const { pduTexts, edus } = readTransaction(json);
    const among = new RoomsOfTransaction(rooms, origin);
    const admitted = await Promise.all(
      pduTexts.map((text) => admitPdu(this.#options, origin, text, among)),
    );
    const events: InboxEvent[] = [];
    const results: JsonObject = {};
    for (const { eventId, event, error } of admitted) {
      if (eventId !== undefined) results[eventId] = error === undefined ? {} : { error };
      if (event !== undefined) events.push(event);
    }
    if (!(await inbox.hasRoom(events))) throw limitExceeded(retryAfterMs);
    await handlers.receive(origin, edus);
    const answer = JSON.stringify({ pdus: results });
    const outcome = await database.submit({
      statements: [
        ...(await inbox.add(events)),
        insertAnswerStatement(origin, transactionId, rooms.now(), answer),
        ...this.#trimmed(origin),
      ],
      guards: [unansweredGuard('transaction is new', origin, transactionId)],
      positions: 0,
    }).done;
    if (outcome.outcome === 'applied') inbox.added(events);
    return (await readAnswer(database.reader, origin, transactionId)) ?? answer;
  }

  /** Who sends without end is not remembered without end. */
  #trimmed(origin: ServerName): Statement[] {
    const count = (this.#answers.get(origin) ?? 0) + 1;
    this.#answers.set(origin, count % answersOfOriginMax);
    return count < answersOfOriginMax ? [] : [trimAnswersStatement(origin, answersOfOriginMax)];
  }
}

/** What a transaction holds. Throws `400 M_BAD_JSON`. */
function readTransaction(json: string): {
  readonly pduTexts: readonly string[];
  readonly edus: readonly Edu[];
} {
  const body: JsonValue = JSON.parse(json);
  if (!isJsonObject(body)) throw badJson('A transaction must be an object');
  const { pdus = [], edus = [] } = body;
  if (!Array.isArray(pdus) || !Array.isArray(edus)) throw badJson('pdus and edus must be lists');
  if (pdus.length > pdusMax) throw badJson(`A transaction holds at most ${pdusMax} PDUs`);
  if (edus.length > edusMax) throw badJson(`A transaction holds at most ${edusMax} EDUs`);
  return { pduTexts: elementTexts(json, 'pdus'), edus: edus.flatMap(toEdu) };
}

/** What is malformed is left out: there is no way to tell its sender. */
function toEdu(value: JsonValue): Edu[] {
  if (!isJsonObject(value)) return [];
  const { edu_type: type, content } = value;
  return typeof type === 'string' && content !== undefined ? [{ edu_type: type, content }] : [];
}
