import type { FederationClient } from '../../federation-client/federation-client.ts';
import type { KeyRing } from '../../federation-client/keys/key-ring.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Rooms } from '../rooms.ts';

/** What taking in other servers' events works with; one per process. */
export interface InboundContext {
  readonly rooms: Rooms;
  readonly keyRing: Pick<KeyRing, 'verify'>;
  readonly client: Pick<FederationClient, 'requestJson'>;
  /** Aborted when the server stops. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
}
