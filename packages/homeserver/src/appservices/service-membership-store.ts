import type { Pdu } from '@soma/protocol';

import type { MemberOutOfBand } from '../rooms/rooms.ts';
import { escapeText, unescapeText } from '../storage/escape-text.ts';
import { POSITION, query, statement } from '../storage/sql.ts';
import type { Reader, Statement } from '../storage/sql.ts';

interface Row {
  readonly position: number;
  readonly room_nid: number;
  readonly event_id: string;
  readonly json: string;
  readonly stripped_state: string | null;
}

const insert = query(
  `insert into service_memberships (service_id, position, room_nid, event_id, json, stripped_state)
   values (?, ?, ?, ?, ?, ?)`,
);
/** (service, above which position, up to which) */
const between = query<Row>(
  `select position, room_nid, event_id, json, stripped_state from service_memberships
   where service_id = ? and position > ? and position <= ? order by position`,
);
const forget = query('delete from service_memberships where service_id = ? and position <= ?');

/** What became of one of a service's users in a room that this server is not in. */
export interface ServiceMembership {
  readonly position: number;
  readonly roomNid: number;
  readonly eventId: string;
  readonly pdu: Pdu;
  /** JSON text. */
  readonly strippedState: string | undefined;
}

/** Keeps a membership, at the position of its change, until the service is told. */
export function keepMembershipStatement(serviceId: string, member: MemberOutOfBand): Statement {
  const { roomNid, eventId, json, strippedState } = member;
  const id = escapeText(serviceId);
  return statement(insert, id, POSITION, roomNid, escapeText(eventId), json, strippedState);
}

export async function readKeptMemberships(
  reader: Reader,
  serviceId: string,
  { above, upTo }: { readonly above: number; readonly upTo: number },
): Promise<ServiceMembership[]> {
  const rows = await reader.all(between, escapeText(serviceId), above, upTo);
  return rows.map((row) => ({
    position: row.position,
    roomNid: row.room_nid,
    eventId: unescapeText(row.event_id),
    pdu: JSON.parse(row.json),
    strippedState: row.stripped_state ?? undefined,
  }));
}

/** The service is told of what is up to there. */
export function forgetMembershipsStatement(serviceId: string, upTo: number): Statement {
  return statement(forget, escapeText(serviceId), upTo);
}
