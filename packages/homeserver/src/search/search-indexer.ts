import { isJsonObject } from '@soma/protocol';
import type { JsonValue, Pdu } from '@soma/protocol';

import { EventFlag, HIDDEN_FLAGS, readEventById, timelineQueries } from '../rooms/event-store.ts';
import type { EventRow } from '../rooms/event-store.ts';
import { readAt, write } from '../storage/database.ts';
import type { Database } from '../storage/database.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import type { Logger } from '../telemetry/logger.ts';
import {
  deleteDocumentStatements,
  insertDocumentStatements,
  moveCursorStatement,
  readChangedRooms,
  readCursor,
} from './search-store.ts';
import type { SearchKey } from './search-store.ts';
import { wordsOf } from './words.ts';

const CURSOR = 'search';
/** After a commit the index waits so long for more, so that it does not cost each message a commit of its own. */
const REST_MS = 500;
const CHANGES_AT_ONCE = 200;
const EVENTS_AT_ONCE = 1_000;

/** Follows the log and keeps the index of words, from a cursor of its own, so that it goes on where it stopped. */
export class SearchIndexer {
  readonly #database: Database;
  readonly #logger: Logger;
  #position: number;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(database: Database, logger: Logger, position: number) {
    this.#database = database;
    this.#logger = logger;
    this.#position = position;
  }

  static async open(database: Database, logger: Logger): Promise<SearchIndexer> {
    const indexer = new SearchIndexer(database, logger, await readCursor(database.reader, CURSOR));
    database.onCommit(() => indexer.#wake());
    indexer.#wake();
    return indexer;
  }

  /** Resolves when everything that was committed before is in the index. */
  async catchUp(): Promise<void> {
    const goal = this.#database.position;
    while (this.#position < goal && !this.#closed) await this.#run();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running?.catch(() => undefined);
  }

  #wake(): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#position >= this.#database.position) return;
      this.#run().catch((error: unknown) => {
        this.#logger.error({ err: error }, 'the search index could not follow; it tries again');
        this.#wake();
      });
    }, REST_MS);
    this.#timer.unref();
  }

  #run(): Promise<void> {
    this.#running ??= this.#follow().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #follow(): Promise<void> {
    while (!this.#closed) {
      const step = await readAt(this.#database, (reader, position) => this.#read(reader, position));
      if (step === undefined) return;
      const { statements, upTo } = step;
      if (statements.length > 0) {
        const moved = moveCursorStatement(CURSOR, upTo);
        await write(this.#database, { statements: [...statements, moved], positions: 0 });
      }
      this.#position = upTo;
    }
  }

  /** What the next stretch of the log brings; undefined at its end. */
  async #read(
    reader: Reader,
    position: number,
  ): Promise<{ statements: Statement[]; upTo: number } | undefined> {
    const above = this.#position;
    if (above >= position) return undefined;
    const { roomNids, upTo } = await readChangedRooms(reader, above, position, CHANGES_AT_ONCE);
    const statements: Statement[] = [];
    for (const roomNid of roomNids) {
      for (let order = above; ;) {
        const rows = await reader.all(timelineQueries.oldest, roomNid, order, upTo, EVENTS_AT_ONCE);
        for (const row of rows)
          statements.push(...(await statementsOf(this.#database.engine, reader, row)));
        if (rows.length < EVENTS_AT_ONCE) break;
        order = rows.at(-1)?.event_order ?? upTo;
      }
    }
    return { statements, upTo };
  }
}

type Engine = Database['engine'];

async function statementsOf(engine: Engine, reader: Reader, row: EventRow): Promise<Statement[]> {
  if ((row.flags & HIDDEN_FLAGS) !== 0) return [];
  const pdu: Pdu = JSON.parse(row.json);
  if (pdu.type === 'm.room.redaction') return forgetRedacted(engine, reader, pdu);
  const text = searchableText(pdu);
  if (text === undefined || (row.flags & EventFlag.redacted) !== 0) return [];
  const words = wordsOf(text.value);
  if (words.length === 0) return [];
  const { event_nid: eventNid, room_nid: roomNid, sender_nid: senderNid } = row;
  return insertDocumentStatements(engine, { eventNid, roomNid, senderNid, key: text.key, words });
}

/** CS API, "Redactions": what is gone from an event is found by nobody. */
async function forgetRedacted(
  engine: Engine,
  reader: Reader,
  { redacts, content }: Pdu,
): Promise<Statement[]> {
  const targetId: JsonValue | undefined = redacts ?? content['redacts'];
  const target = typeof targetId === 'string' ? await readEventById(reader, targetId) : undefined;
  if (target === undefined || (target.flags & EventFlag.redacted) === 0) return [];
  return deleteDocumentStatements(engine, target.event_nid);
}

const KEYS: Readonly<Record<string, { readonly key: SearchKey; readonly field: string }>> = {
  'm.room.message': { key: 'content.body', field: 'body' },
  'm.room.name': { key: 'content.name', field: 'name' },
  'm.room.topic': { key: 'content.topic', field: 'topic' },
};

function searchableText({ type, content }: Pdu): { key: SearchKey; value: string } | undefined {
  const known = Object.hasOwn(KEYS, type) ? KEYS[type] : undefined;
  const value = known !== undefined && isJsonObject(content) ? content[known.field] : undefined;
  return known !== undefined && typeof value === 'string' ? { key: known.key, value } : undefined;
}
