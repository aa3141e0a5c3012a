import type { UnsignedEvent } from '@soma/protocol';

import type { SignedText } from '../storage/sql.ts';

/** An event with its names interned: all that persisting needs, and nothing that waits. */
export interface PreparedEvent {
  readonly built: Pick<UnsignedEvent, 'pdu' | 'eventId' | 'roomId' | 'reference'>;
  /** The event's canonical JSON, signed. */
  readonly json: string | SignedText;
  readonly eventNid: number;
  readonly roomNid: number;
  readonly typeNid: number;
  readonly stateKeyNid: number | null;
  readonly senderNid: number;
  readonly prevEventNids: readonly number[];
  readonly authEventNids: readonly number[];
  /** Whose request it was: the sending device sees its transaction ID again (CS API, "Transaction identifiers"). */
  readonly origin: EventOrigin | undefined;
  /** The parent of `m.relates_to`, where this server knows it. */
  readonly relation: EventRelation | undefined;
}

export interface EventOrigin {
  readonly deviceNid: number;
  readonly transactionId: string | null;
}

export interface EventRelation {
  readonly parentNid: number;
  readonly type: string;
  readonly key: string | null;
}
