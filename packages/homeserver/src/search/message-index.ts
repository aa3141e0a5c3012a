import { isJsonObject } from '@soma/protocol';
import type { JsonValue, Pdu } from '@soma/protocol';

import { EventFlag, HIDDEN_FLAGS, readEventById, timelineQueries } from '../rooms/event-store.ts';
import type { EventRow } from '../rooms/event-store.ts';
import { ChangeKind } from '../storage/change.ts';
import type { Database } from '../storage/database.ts';
import type { Reader, Statement } from '../storage/sql.ts';
import { readChanges } from '../streams/cursor-store.ts';
import type { FollowedIndex } from '../streams/log-follower.ts';
import { Turns } from '../streams/turns.ts';
import { deleteDocumentStatements, insertDocumentStatements } from './search-store.ts';
import type { SearchKey } from './search-store.ts';
import { wordsOf } from './words.ts';

const CHANGES_AT_ONCE = 500;
const EVENTS_AT_ONCE = 1_000;

/** The index of words that messages, names and topics hold. */
export function messageIndex(engine: Engine): FollowedIndex {
  return {
    name: 'search',
    read: async (reader, above, position) => {
      const kinds = [ChangeKind.room];
      const step = await readChanges(reader, kinds, above, position, CHANGES_AT_ONCE);
      const statements: Statement[] = [];
      const turns = new Turns();
      for (const roomNid of step.subjects) {
        for (let order = above; ;) {
          const range = [roomNid, order, step.upTo, EVENTS_AT_ONCE] as const;
          const rows = await reader.all(timelineQueries.oldest, ...range);
          for (const row of rows) {
            statements.push(...(await statementsOf(engine, reader, row)));
            await turns.next();
          }
          if (rows.length < EVENTS_AT_ONCE) break;
          order = rows.at(-1)?.event_order ?? step.upTo;
        }
      }
      return { statements, upTo: step.upTo };
    },
  };
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
