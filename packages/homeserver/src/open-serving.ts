import type { ClientServices } from './client-server/services.ts';
import type { Handshake } from './federation/handshake/handshake.ts';
import { largeAnswersAtOnce } from './federation/serving/limits.ts';
import { ServerAcls } from './federation/serving/server-acls.ts';
import type { Serving } from './federation/serving/serving.ts';
import { changeMembership } from './membership/change-membership.ts';
import { RoomServers } from './membership/room-servers.ts';
import type { Federation } from './open-federation.ts';
import { openRoomIntake } from './rooms/inbound/open-room-intake.ts';
import { States } from './rooms/inbound/states.ts';
import { WaitingLine } from './streams/turns.ts';
import type { Logger } from './telemetry/logger.ts';

/** Opens what serves this server's rooms to others, and lets their users in. */
export function openServing(
  { rooms }: Pick<ClientServices, 'rooms'>,
  { keyRing, client }: Federation,
  logger: Logger,
): { serving: Serving; handshake: Handshake } {
  const states = new States(rooms.database);
  const serving: Serving = {
    rooms,
    states,
    roomServers: new RoomServers(rooms.database),
    acls: new ServerAcls(rooms),
    largeAnswers: new WaitingLine(largeAnswersAtOnce),
  };
  const handshake: Handshake = {
    serving,
    intake: openRoomIntake({ rooms, keyRing, client, states, logger }),
    inviteUser: (request) => changeMembership(rooms, { ...request, action: 'invite' }),
  };
  return { serving, handshake };
}
