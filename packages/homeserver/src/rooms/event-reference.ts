import { hash } from 'node:crypto';

import { referenceTo } from '@soma/protocol';
import type { EventReference, RoomVersion } from '@soma/protocol';

import type { Reader } from '../storage/sql.ts';
import { readEvent } from './event-store.ts';

/** How events name a stored one whose JSON is at hand. */
export function referenceFromJson(
  json: string,
  eventId: string,
  version: RoomVersion,
): EventReference {
  return version.eventReferences === 'ids'
    ? eventId
    : referenceTo(JSON.parse(json), eventId, version, {
        sha256: (text) => hash('sha256', text, 'base64'),
      });
}

/** How events name a stored one; its JSON is read only in room versions whose references carry a hash. */
export async function readReference(
  reader: Reader,
  eventNid: number,
  eventId: string,
  version: RoomVersion,
): Promise<EventReference> {
  if (version.eventReferences === 'ids') return eventId;
  const row = await readEvent(reader, eventNid);
  if (row === undefined) throw new Error(`event ${eventNid} is missing`);
  return referenceFromJson(row.json, eventId, version);
}
