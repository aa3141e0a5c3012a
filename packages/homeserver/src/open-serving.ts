import { largeAnswersAtOnce } from './federation/serving/limits.ts';
import { ServerAcls } from './federation/serving/server-acls.ts';
import type { Serving } from './federation/serving/serving.ts';
import { RoomServers } from './membership/room-servers.ts';
import type { Rooms } from './rooms/rooms.ts';
import { WaitingLine } from './streams/turns.ts';

/** Opens what serves this server's rooms to others. */
export function openServing(rooms: Rooms): Serving {
  return {
    rooms,
    roomServers: new RoomServers(rooms.database),
    acls: new ServerAcls(rooms),
    largeAnswers: new WaitingLine(largeAnswersAtOnce),
  };
}
