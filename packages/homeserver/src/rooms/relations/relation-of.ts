import { KEY_BYTES_MAX, exceedsBytes, isJsonObject } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import { isDummyEvent } from '../dummy-event.ts';
import { readEventNid } from '../event-store.ts';
import { internEventIds } from '../intern-event-ids.ts';
import { isPlainEventId } from '../plain-event-id.ts';
import type { EventRelation } from '../prepared-event.ts';
import type { Rooms } from '../rooms.ts';

/** What the relation of an event is found by. */
export interface RelatingEvent {
  readonly type: string;
  readonly stateKey?: string | undefined;
  readonly content: JsonObject;
}

/** The relation that an event's content tells of; the event that it is to may be still to come. */
export function relationOf(
  rooms: Rooms,
  { type, stateKey, content }: RelatingEvent,
): Promise<EventRelation | undefined> | undefined {
  if (isDummyEvent({ type, state_key: stateKey })) return undefined;
  const relates = relationIn(content);
  return relates === undefined ? undefined : findRelation(rooms, relates);
}

async function findRelation(
  rooms: Rooms,
  { type, parentId, key }: RelatesTo,
): Promise<EventRelation | undefined> {
  const known = await readEventNid(rooms.database.reader, parentId);
  if (known !== undefined) return { parentNid: known, type, key };
  if (!isPlainEventId(parentId)) return undefined;
  const parentNid = (await internEventIds(rooms, [parentId])).get(parentId);
  return parentNid === undefined ? undefined : { parentNid, type, key };
}

export interface RelatesTo {
  readonly type: string;
  readonly parentId: string;
  readonly key: string | null;
}

/** What `m.relates_to` says (CS API, "Relationship types"). */
export function relationIn(content: JsonObject): RelatesTo | undefined {
  const relatesTo = content['m.relates_to'];
  if (!isJsonObject(relatesTo)) return undefined;
  const { rel_type: type, event_id: parentId, key } = relatesTo;
  if (typeof type !== 'string' || typeof parentId !== 'string') return undefined;
  // It is kept in an index; no client makes longer ones.
  if (exceedsBytes(type, KEY_BYTES_MAX)) return undefined;
  return { type, parentId, key: typeof key === 'string' ? key : null };
}
