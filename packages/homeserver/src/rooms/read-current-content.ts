import type { JsonObject } from '@soma/protocol';

import type { Reader } from '../storage/sql.ts';
import { readEvent } from './event-store.ts';
import type { EventRow } from './event-store.ts';
import type { Rooms } from './rooms.ts';
import { readCurrentStateKey } from './state-store.ts';
import { toStoredEvent } from './stored-event.ts';

/** A state event as it is now; undefined where the room has none. */
export async function readCurrentEvent(
  rooms: Pick<Rooms, 'names'>,
  reader: Reader,
  roomNid: number,
  type: string,
  stateKey = '',
): Promise<EventRow | undefined> {
  const typeNid = await rooms.names.eventTypes.find(type);
  const keyNid = await rooms.names.stateKeys.find(type, stateKey);
  if (typeNid === undefined || keyNid === undefined) return undefined;
  const eventNid = await readCurrentStateKey(reader, roomNid, typeNid, keyNid);
  return eventNid === undefined ? undefined : readEvent(reader, eventNid);
}

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
  const row = await readCurrentEvent(rooms, reader, roomNid, type, stateKey);
  return row === undefined ? undefined : toStoredEvent(row, version).pdu.content;
}
