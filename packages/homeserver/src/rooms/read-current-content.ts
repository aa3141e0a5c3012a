import type { JsonObject } from '@soma/protocol';

import type { Reader } from '../storage/sql.ts';
import { readCurrentEvent } from './read-current-event.ts';
import type { Rooms } from './rooms.ts';
import { toStoredEvent } from './stored-event.ts';

/** The content of a state event as it is now; undefined where the room has none. */
export async function readCurrentContent(
  rooms: Rooms,
  reader: Reader,
  roomNid: number,
  type: string,
  stateKey = '',
): Promise<JsonObject | undefined> {
  const version = await rooms.versions.of(reader, roomNid);
  if (version === undefined) return undefined;
  const row = await readCurrentEvent(rooms.names, reader, roomNid, type, stateKey);
  return row === undefined ? undefined : toStoredEvent(row, version).pdu.content;
}
