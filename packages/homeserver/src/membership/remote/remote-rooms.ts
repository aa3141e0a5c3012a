import type { LimitRemoteRooms } from '../../config/config.ts';
import type { FederationClient } from '../../federation-client/federation-client.ts';
import type { KeyRing } from '../../federation-client/keys/key-ring.ts';
import type { RoomIntake } from '../../rooms/inbound/room-intake.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** An event, and its place in the order of arrival. */
export interface ToldEvent {
  readonly eventNid: number;
  readonly order: number;
}

/** What memberships of rooms on other servers work with; one per process, made at composition. */
export interface RemoteRooms {
  readonly rooms: Rooms;
  readonly client: Pick<FederationClient, 'requestJson' | 'requestStream' | 'allows'>;
  readonly keyRing: Pick<KeyRing, 'verify' | 'prepare'>;
  readonly intake: Pick<RoomIntake, 'importRoom' | 'receive'>;
  /** Sends the server an event that it may have got before. Resolves when it has it, or after a few seconds. */
  tellAgain(serverName: string, event: ToldEvent): Promise<void>;
  readonly limitRemoteRooms: LimitRemoteRooms;
  /** How long a server may be silent while it tells of a room. */
  readonly silenceMsMax: number;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}
