import { matchesEvent } from '@soma/protocol';
import type { JsonObject, Pdu } from '@soma/protocol';

import type { MembershipRecord } from '../membership/membership-store.ts';
import { readOutOfBandEvent } from '../membership/remote/out-of-band-store.ts';
import { clientEvent } from '../rooms/client-event.ts';
import { readEvent } from '../rooms/event-store.ts';
import { formatPositionToken } from '../rooms/pagination-token.ts';
import { toStoredEvent } from '../rooms/stored-event.ts';
import type { SyncPass } from './sync-context.ts';

/** A user's own member event. */
export interface MemberEvent {
  readonly eventId: string;
  readonly pdu: Pdu;
}

/** The event of a membership, also of a room that this server is not in. */
export async function readMemberEvent(
  { context, reader }: Pick<SyncPass, 'context' | 'reader'>,
  { roomNid, eventNid }: MembershipRecord,
): Promise<MemberEvent | undefined> {
  const row = await readEvent(reader, eventNid);
  if (row === undefined) return readOutOfBandEvent(reader, eventNid);
  const version = await context.rooms.versions.of(reader, roomNid);
  return version === undefined ? undefined : toStoredEvent(row, version);
}

/**
 * A room whose invitation or knock has ended without this server being in it: nothing is to be told but that. Undefined
 * where the end is part of the room's history here.
 */
export async function readLoneLeave(
  pass: SyncPass,
  record: MembershipRecord,
): Promise<JsonObject | undefined> {
  const { rooms } = pass.context;
  const event = await readOutOfBandEvent(pass.reader, record.eventNid);
  if (event === undefined) return undefined;
  const isWanted = matchesEvent(pass.filter.room.timeline, event.pdu);
  return {
    timeline: {
      events: isWanted ? [pass.form(event, clientEvent(event, ageOf(pass, event), undefined))] : [],
      limited: false,
      prev_batch: formatPositionToken(rooms.database.incarnation, record.position),
    },
    [pass.useStateAfter || 'state']: { events: [] },
    account_data: { events: [] },
  };
}

function ageOf({ context }: SyncPass, { pdu }: MemberEvent): JsonObject {
  return { age: Math.max(0, context.rooms.now() - pdu.origin_server_ts) };
}
