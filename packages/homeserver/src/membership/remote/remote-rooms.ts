import type { LimitRemoteRooms } from '../../config/config.ts';
import type { FederationClient } from '../../federation-client/federation-client.ts';
import type { KeyRing } from '../../federation-client/keys/key-ring.ts';
import type { RoomIntake } from '../../rooms/inbound/room-intake.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** What memberships of rooms on other servers work with; one per process, made at composition. */
export interface RemoteRooms {
  readonly rooms: Rooms;
  readonly client: Pick<FederationClient, 'requestJson' | 'requestStream' | 'allows'>;
  readonly keyRing: Pick<KeyRing, 'verify' | 'prepare'>;
  readonly intake: Pick<RoomIntake, 'importRoom' | 'receive'>;
  /**
   * Resolves when the server has got what this one had to say in the room: to whether it lacked anything. Throws a
   * FederationError where it does not get it in time.
   */
  tellOfRoom(serverName: string, roomNid: number): Promise<boolean>;
  readonly limitRemoteRooms: LimitRemoteRooms;
  /** How long a server may be silent while it tells of a room. */
  readonly silenceMsMax: number;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}
