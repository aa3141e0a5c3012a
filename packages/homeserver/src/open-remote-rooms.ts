import type { Config } from './config/config.ts';
import type { RemoteRooms } from './membership/remote/remote-rooms.ts';
import type { Federation } from './open-federation.ts';
import type { RoomIntake } from './rooms/inbound/room-intake.ts';
import type { Rooms } from './rooms/rooms.ts';
import type { Logger } from './telemetry/logger.ts';

/** Opens what users' memberships of rooms on other servers work with. */
export function openRemoteRooms(
  rooms: Rooms,
  federation: Federation,
  intake: RoomIntake,
  config: Config,
  logger: Logger,
): RemoteRooms {
  return {
    rooms,
    client: federation.client,
    keyRing: federation.keyRing,
    intake,
    limitRemoteRooms: config.rooms.limitRemoteRooms,
    silenceMsMax: config.federation.clientTimeoutMs,
    logger,
  };
}
