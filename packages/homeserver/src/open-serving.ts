import type { ClientServices } from './client-server/services.ts';
import type { Handshake } from './federation/handshake/handshake.ts';
import { largeAnswersAtOnce } from './federation/serving/limits.ts';
import { ServerAcls } from './federation/serving/server-acls.ts';
import type { Serving } from './federation/serving/serving.ts';
import { changeMembership } from './membership/change-membership.ts';
import type { Inbound } from './open-inbound.ts';
import { WaitingLine } from './streams/turns.ts';

/** Opens what serves this server's rooms to others, and lets their users in. */
export function openServing(
  { rooms }: Pick<ClientServices, 'rooms'>,
  { intake, roomServers }: Pick<Inbound, 'intake' | 'roomServers'>,
): { serving: Serving; handshake: Handshake } {
  const serving: Serving = {
    rooms,
    states: intake.states,
    roomServers,
    acls: new ServerAcls(rooms),
    largeAnswers: new WaitingLine(largeAnswersAtOnce),
  };
  const handshake: Handshake = {
    serving,
    intake,
    inviteUser: (request) => changeMembership(rooms, { ...request, action: 'invite' }),
  };
  return { serving, handshake };
}
