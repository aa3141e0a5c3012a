import type { ClientServices } from './client-server/services.ts';
import type { Handshake } from './federation/handshake/handshake.ts';
import { largeAnswersAtOnce } from './federation/serving/limits.ts';
import type { Serving } from './federation/serving/serving.ts';
import { inviteUser } from './membership/invite-user.ts';
import type { Inbound } from './open-inbound.ts';
import { WaitingLine } from './streams/turns.ts';

/** Opens what serves this server's rooms to others, and lets their users in. */
export function openServing(
  { rooms, remoteRooms, threePids }: Pick<ClientServices, 'rooms' | 'remoteRooms' | 'threePids'>,
  { intake, roomServers }: Pick<Inbound, 'intake' | 'roomServers'>,
): { serving: Serving; handshake: Handshake } {
  const serving: Serving = {
    rooms,
    roomServers,
    largeAnswers: new WaitingLine(largeAnswersAtOnce),
  };
  const handshake: Handshake = {
    serving,
    intake,
    inviteUser: (request) => inviteUser(remoteRooms, request),
    isKeyValid: (url, publicKey) => threePids.identityServers.isKeyValid(url, publicKey),
  };
  return { serving, handshake };
}
