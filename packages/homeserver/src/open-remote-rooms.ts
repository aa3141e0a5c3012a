import type { Config } from './config/config.ts';
import type { RemoteRooms } from './membership/remote/remote-rooms.ts';
import type { OpenFederationSender } from './open-federation-sender.ts';
import type { Federation } from './open-federation.ts';
import type { RoomIntake } from './rooms/inbound/room-intake.ts';
import type { Rooms } from './rooms/rooms.ts';
import type { Logger } from './telemetry/logger.ts';

/** Opens what users' memberships of rooms on other servers work with. */
export function openRemoteRooms(
  rooms: Rooms,
  federation: Pick<Federation, 'client' | 'keyRing'> & { readonly sender: OpenFederationSender },
  intake: RoomIntake,
  { config, logger }: { readonly config: Config; readonly logger: Logger },
): RemoteRooms {
  return {
    rooms,
    client: federation.client,
    keyRing: federation.keyRing,
    intake,
    tellAgain: (server, event) => federation.sender.tellAgain(server, event),
    limitRemoteRooms: config.rooms.limitRemoteRooms,
    silenceMsMax: config.federation.clientTimeoutMs,
    logger,
  };
}
