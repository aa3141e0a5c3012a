import { redactPdu } from '@soma/protocol';
import type { Pdu, RoomVersion } from '@soma/protocol';

import { unescapeText } from '../storage/escape-text.ts';
import { EventFlag } from './event-store.ts';
import type { EventRow } from './event-store.ts';

/** An event as it is read back: redacted where a redaction has taken effect. */
export interface StoredEvent {
  readonly eventNid: number;
  readonly eventId: string;
  readonly roomNid: number;
  readonly senderNid: number;
  readonly stateKeyNid: number | null;
  readonly depth: number;
  /** Its place in the order of arrival; null for an outlier. */
  readonly order: number | null;
  /** The snapshot of the state before it; null where that is unknown, and then nobody sees it. */
  readonly stateBefore: number | null;
  readonly flags: number;
  readonly deviceNid: number | null;
  readonly transactionId: string | undefined;
  readonly pdu: Pdu;
}

/** What an event holds, redacted where a redaction has taken effect. */
export function storedPdu(
  { flags, json }: Pick<EventRow, 'flags' | 'json'>,
  version: RoomVersion,
): Pdu {
  const pdu: Pdu = JSON.parse(json);
  return (flags & EventFlag.redacted) === 0 ? pdu : redactPdu(pdu, version);
}

export function toStoredEvent(row: EventRow, version: RoomVersion): StoredEvent {
  return {
    eventNid: row.event_nid,
    eventId: row.event_id,
    roomNid: row.room_nid,
    senderNid: row.sender_nid,
    stateKeyNid: row.state_key_nid,
    depth: row.depth,
    order: row.event_order,
    stateBefore: row.state_before,
    flags: row.flags,
    deviceNid: row.device_nid,
    transactionId: row.transaction_id === null ? undefined : unescapeText(row.transaction_id),
    pdu: storedPdu(row, version),
  };
}
