import type { RoomServers } from '../../membership/room-servers.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import type { WaitingLine } from '../../streams/turns.ts';

/** What serving rooms to other servers works with; made at composition. */
export interface Serving {
  readonly rooms: Rooms;
  readonly roomServers: RoomServers;
  readonly largeAnswers: WaitingLine;
}
