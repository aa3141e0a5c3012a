import type { Pdu } from '@soma/protocol';

import { query, statement } from '../storage/sql.ts';
import type { Statement } from '../storage/sql.ts';
import { EventFlag } from './event-store.ts';

const insertId = query('insert into event_ids (event_id, event_nid) values (?, ?)');
const insert = query(
  `insert into events (event_nid, event_id, room_nid, type_nid, state_key_nid, sender_nid, depth,
     origin_server_ts, event_order, state_before, flags, rejected_by, device_nid, transaction_id, format, json)
   values (?, ?, ?, ?, ?, ?, ?, ?, null, null, ${EventFlag.outlier}, null, null, null, 1, ?)`,
);

/** An event that is known on its own: without its place in the room, and without the events that it refers to. */
export interface LoneEvent {
  readonly eventNid: number;
  readonly eventId: string;
  readonly roomNid: number;
  readonly typeNid: number;
  readonly stateKeyNid: number | null;
  readonly senderNid: number;
  readonly pdu: Pick<Pdu, 'depth' | 'origin_server_ts'>;
  /** The PDU's canonical JSON. */
  readonly json: string;
}

export function insertLoneEventStatements(event: LoneEvent): Statement[] {
  return [
    statement(insertId, event.eventId, event.eventNid),
    statement(
      insert,
      event.eventNid,
      event.eventId,
      event.roomNid,
      event.typeNid,
      event.stateKeyNid,
      event.senderNid,
      Math.min(event.pdu.depth, Number.MAX_SAFE_INTEGER),
      Math.max(
        Number.MIN_SAFE_INTEGER,
        Math.min(Number.MAX_SAFE_INTEGER, event.pdu.origin_server_ts),
      ),
      event.json,
    ),
  ];
}
