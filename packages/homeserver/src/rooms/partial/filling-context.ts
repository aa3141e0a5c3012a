import type { RoomVersion } from '@soma/protocol';

import type { FederationClient } from '../../federation-client/federation-client.ts';
import type { KeyRing } from '../../federation-client/keys/key-ring.ts';
import type { InboundContext } from '../inbound/inbound-context.ts';
import type { PartialRoom } from '../partial-room-store.ts';

/** What learning the rest of rooms works with; one per process. */
export interface FillingContext extends InboundContext {
  readonly keyRing: Pick<KeyRing, 'verify' | 'prepare'>;
  readonly client: Pick<FederationClient, 'requestJson' | 'requestStream' | 'allows'>;
}

/** A room whose members are to be learned. */
export interface RoomToFill {
  readonly partial: PartialRoom;
  readonly roomId: string;
  readonly version: RoomVersion;
  readonly joinEventId: string;
  readonly createEventNid: number;
}
