import type { InternedNames } from '../storage/names-store.ts';
import type { Reader } from '../storage/sql.ts';
import { readEvent } from './event-store.ts';
import type { EventRow } from './event-store.ts';
import { readCurrentStateKey } from './state-store.ts';

/** A state event as it is now; undefined where the room has none. */
export async function readCurrentEvent(
  names: InternedNames,
  reader: Reader,
  roomNid: number,
  type: string,
  stateKey = '',
): Promise<EventRow | undefined> {
  const typeNid = await names.eventTypes.find(type);
  const keyNid = await names.stateKeys.find(type, stateKey);
  if (typeNid === undefined || keyNid === undefined) return undefined;
  const eventNid = await readCurrentStateKey(reader, roomNid, typeNid, keyNid);
  return eventNid === undefined ? undefined : readEvent(reader, eventNid);
}
