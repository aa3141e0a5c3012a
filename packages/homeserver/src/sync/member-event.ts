import { matchesEvent, roomVersion } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import type { MembershipRecord } from '../membership/membership-store.ts';
import { readOutOfBandRoom } from '../membership/remote/out-of-band-store.ts';
import { clientEvent } from '../rooms/client-event.ts';
import { EventFlag, readEvent } from '../rooms/event-store.ts';
import { formatPositionToken } from '../rooms/pagination-token.ts';
import { toStoredEvent } from '../rooms/stored-event.ts';
import type { StoredEvent } from '../rooms/stored-event.ts';
import type { SyncPass } from './sync-context.ts';

type Place = Pick<SyncPass, 'context' | 'reader'>;

/** The event of a membership, also of a room that this server is not in. */
export async function readMemberEvent(
  { context, reader }: Place,
  { userNid, roomNid, eventNid }: MembershipRecord,
): Promise<StoredEvent | undefined> {
  const row = await readEvent(reader, eventNid);
  if (row === undefined) return undefined;
  const known = await context.rooms.versions.of(reader, roomNid);
  const version =
    known ?? roomVersion((await readOutOfBandRoom(reader, userNid, roomNid))?.roomVersion ?? '');
  return version === undefined ? undefined : toStoredEvent(row, version);
}

/**
 * A room whose invitation or knock has ended without this server being in the room: nothing is to be told but that.
 * Undefined where the end is part of the room's history here.
 */
export async function readLoneLeave(
  pass: SyncPass,
  record: MembershipRecord,
): Promise<JsonObject | undefined> {
  const event = await readMemberEvent(pass, record);
  if (event === undefined || (event.flags & EventFlag.outlier) === 0) return undefined;
  const { rooms } = pass.context;
  const unsigned = { age: Math.max(0, rooms.now() - event.pdu.origin_server_ts) };
  const client = pass.form(event, clientEvent(event, unsigned, undefined));
  return {
    timeline: {
      events: matchesEvent(pass.filter.room.timeline, event.pdu) ? [client] : [],
      limited: false,
      prev_batch: formatPositionToken(rooms.database.incarnation, record.position),
    },
    [pass.useStateAfter || 'state']: { events: [] },
    account_data: { events: [] },
  };
}
