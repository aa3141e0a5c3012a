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
  /** What `m.relates_to` says. */
  readonly relation: EventRelation | undefined;
  /** Whether others may have referred to it before it came. */
  readonly isAwaited?: boolean;
}

export interface EventOrigin {
  readonly deviceNid: number;
  readonly transactionId: string | null;
}

export interface EventRelation {
  /** An event that may be still to come. */
  readonly parentNid: number;
  readonly type: string;
  readonly key: string | null;
}
