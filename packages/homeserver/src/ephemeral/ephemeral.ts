import type { Rooms } from '../rooms/rooms.ts';
import type { Reader } from '../storage/sql.ts';
import type { ReadingProjection } from './reading-projection.ts';
import type { Typing } from './typing.ts';

/** What receipts and typing work with; one per process, made at composition. */
export interface Ephemeral {
  readonly rooms: Rooms;
  readonly reading: ReadingProjection;
  readonly typing: Typing;
  /** Whether the user is a joined member of the room now. */
  isJoined(reader: Reader, userNid: number, roomNid: number): Promise<boolean>;
}
