import { isJsonObject, parseEventId } from '@soma/protocol';

import { putAccountDataStatement, readAccountDataEntry } from '../accounts/account-data-store.ts';
import { invalidParam } from '../errors/matrix-error.ts';
import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import type { Ephemeral } from './ephemeral.ts';
import { joinedRoom, sendReceipt } from './send-receipt.ts';
import { findEventPlace } from './thread-store.ts';

/** Event IDs by what they are marked as. */
export interface ReadMarkers {
  readonly fullyRead?: string | undefined;
  readonly read?: string | undefined;
  readonly readPrivate?: string | undefined;
}

/**
 * Sets the fully read marker and receipts in one go (CS API, "Fully read markers"); receipts are unthreaded.
 * Throws what {@link sendReceipt} throws.
 */
export async function setReadMarkers(
  ephemeral: Ephemeral,
  userNid: number,
  roomId: string,
  { fullyRead, read, readPrivate }: ReadMarkers,
): Promise<void> {
  const roomNid = await joinedRoom(ephemeral, userNid, roomId);
  if (fullyRead !== undefined) await setFullyRead(ephemeral, userNid, roomNid, fullyRead);
  if (read !== undefined) {
    await sendReceipt(ephemeral, { roomId, userNid, type: 'm.read', eventId: read });
  }
  if (readPrivate !== undefined) {
    await sendReceipt(ephemeral, { roomId, userNid, type: 'm.read.private', eventId: readPrivate });
  }
}

/** A marker moves forward only; where one of the events is not known, nobody can tell, and it moves. */
async function setFullyRead(
  { rooms: { database } }: Ephemeral,
  userNid: number,
  roomNid: number,
  eventId: string,
): Promise<void> {
  if (parseEventId(eventId) === undefined) throw invalidParam('That is not an event ID');
  const { reader } = database;
  const place = await findEventPlace(reader, eventId);
  if (place !== undefined && place.roomNid !== roomNid) {
    throw invalidParam('The event does not belong to this room');
  }
  const current = await readAccountDataEntry(reader, userNid, roomNid, FULLY_READ);
  const currentId = current === undefined ? undefined : markedEvent(current);
  const before = currentId === undefined ? undefined : await findEventPlace(reader, currentId);
  const orders = [before?.order ?? undefined, place?.order ?? undefined] as const;
  if (orders[0] !== undefined && orders[1] !== undefined && orders[0] >= orders[1]) return;
  const content = JSON.stringify({ event_id: eventId });
  await write(database, {
    statements: [putAccountDataStatement(userNid, roomNid, { type: FULLY_READ, content })],
    positions: 1,
    touches: [{ kind: ChangeKind.userData, subject: userNid }],
  });
}

const FULLY_READ = 'm.fully_read';

function markedEvent(json: string): string | undefined {
  const content: unknown = JSON.parse(json);
  const eventId = isJsonObject(content) ? content['event_id'] : undefined;
  return typeof eventId === 'string' ? eventId : undefined;
}
