import type { Pdu } from '@soma/protocol';

import { escapeText, unescapeText } from '../../storage/escape-text.ts';
import { query, statement } from '../../storage/sql.ts';
import type { Reader, Statement } from '../../storage/sql.ts';

interface OutOfBandRow {
  readonly event_nid: number;
  readonly room_version: string;
  readonly servers: string;
  readonly event_id: string;
  readonly replaced_event_id: string | null;
  readonly sender_nid: number;
  readonly json: string;
}

const put = query(
  `insert into out_of_band_memberships
     (user_nid, room_nid, event_nid, room_version, servers, event_id, replaced_event_id, sender_nid, json)
   values (?, ?, ?, ?, ?, ?, null, ?, ?)
   on conflict (user_nid, room_nid) do update set event_nid = excluded.event_nid,
     room_version = excluded.room_version,
     servers = excluded.servers, event_id = excluded.event_id,
     replaced_event_id = out_of_band_memberships.event_id, sender_nid = excluded.sender_nid,
     json = excluded.json`,
);
const columns = 'event_nid, room_version, servers, event_id, replaced_event_id, sender_nid, json';
const one = query<OutOfBandRow>(
  `select ${columns} from out_of_band_memberships where user_nid = ? and room_nid = ?`,
);
const byEvent = query<OutOfBandRow>(
  `select ${columns} from out_of_band_memberships where event_nid = ?`,
);

/** What is known of a room that the user has a membership of, and this server is not in. */
export interface OutOfBandRoom {
  readonly roomVersion: string;
  /** Servers that were in the room when the membership came. */
  readonly servers: readonly string[];
}

/** The member event that was kept last. */
export interface OutOfBandEvent extends OutOfBandRoom {
  /** As in `memberships`, as long as that is not one of the room's own events. */
  readonly eventNid: number;
  readonly eventId: string;
  readonly senderNid: number;
  readonly pdu: Pdu;
  /** The PDU's canonical JSON. */
  readonly json: string;
  /** The one before it. */
  readonly replacedEventId: string | undefined;
}

export function putOutOfBandStatement(
  userNid: number,
  roomNid: number,
  {
    eventNid,
    senderNid,
    roomVersion,
    servers,
    eventId,
    json,
  }: Omit<OutOfBandEvent, 'pdu' | 'replacedEventId'>,
): Statement {
  const kept = JSON.stringify(servers);
  const id = escapeText(eventId);
  return statement(put, userNid, roomNid, eventNid, roomVersion, kept, id, senderNid, json);
}

export async function readOutOfBand(
  reader: Reader,
  userNid: number,
  roomNid: number,
): Promise<OutOfBandEvent | undefined> {
  const row = await reader.get(one, userNid, roomNid);
  return row === undefined ? undefined : toEvent(row);
}

/** The event of a membership; undefined for one of the room's own events. */
export async function readOutOfBandEvent(
  reader: Reader,
  eventNid: number,
): Promise<OutOfBandEvent | undefined> {
  const row = await reader.get(byEvent, eventNid);
  return row === undefined ? undefined : toEvent(row);
}

function toEvent(row: OutOfBandRow): OutOfBandEvent {
  const servers: unknown = JSON.parse(row.servers);
  const { replaced_event_id: replaced, json } = row;
  return {
    eventNid: row.event_nid,
    roomVersion: row.room_version,
    servers: Array.isArray(servers) ? servers : [],
    eventId: unescapeText(row.event_id),
    senderNid: row.sender_nid,
    pdu: JSON.parse(json),
    json,
    replacedEventId: replaced === null ? undefined : unescapeText(replaced),
  };
}
