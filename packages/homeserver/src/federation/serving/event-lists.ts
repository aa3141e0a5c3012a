import type { RoomVersion } from '@soma/protocol';

import { readEventIds } from '../../rooms/edge-store.ts';
import { EventFlag, readEvents } from '../../rooms/event-store.ts';
import { pduJson } from '../../rooms/pdu-json.ts';
import type { Reader } from '../../storage/sql.ts';
import { Turns } from '../../streams/turns.ts';
import { textsAtOnce } from './limits.ts';

/** A JSON array in parts, of any length. */
export type ListParts = AsyncIterable<readonly string[]>;

/** The events as JSON texts; rejected ones are left out. */
export async function* pduTexts(
  reader: Reader,
  version: RoomVersion,
  eventNids: Iterable<number>,
): AsyncGenerator<readonly string[]> {
  for await (const some of inParts(eventNids)) {
    const rows = await readEvents(reader, some);
    yield rows
      .filter(({ flags }) => (flags & EventFlag.rejected) === 0)
      .map((row) => pduJson(row, version));
  }
}

/** The IDs of the events as JSON texts. */
export async function* idTexts(
  reader: Reader,
  eventNids: Iterable<number>,
): AsyncGenerator<readonly string[]> {
  for await (const some of inParts(eventNids)) {
    yield (await readEventIds(reader, some)).map((eventId) => JSON.stringify(eventId));
  }
}

/** The text of a JSON object, in parts: short values as JSON texts, lists as they come. */
export async function* objectText(
  values: Readonly<Record<string, string>>,
  lists: Readonly<Record<string, ListParts>>,
): AsyncGenerator<string> {
  let separator = '{';
  for (const [name, value] of Object.entries(values)) {
    yield `${separator}${JSON.stringify(name)}:${value}`;
    separator = ',';
  }
  for (const [name, parts] of Object.entries(lists)) {
    yield `${separator}${JSON.stringify(name)}:[`;
    let isFirst = true;
    for await (const texts of parts) {
      if (texts.length === 0) continue;
      yield (isFirst ? '' : ',') + texts.join(',');
      isFirst = false;
    }
    yield ']';
    separator = ',';
  }
  yield '}';
}

async function* inParts(eventNids: Iterable<number>): AsyncGenerator<readonly number[]> {
  const turns = new Turns();
  let some: number[] = [];
  for (const nid of eventNids) {
    some.push(nid);
    if (some.length < textsAtOnce) continue;
    yield some;
    some = [];
    await turns.next();
  }
  if (some.length > 0) yield some;
}
