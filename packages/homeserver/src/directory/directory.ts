import type { DirectoryConfig } from '../config/config.ts';
import type { Rooms } from '../rooms/rooms.ts';

/** What the room directory works with; one per process, made at composition. */
export interface Directory {
  readonly rooms: Rooms;
  readonly config: DirectoryConfig;
}

/** On whose behalf the directory is changed. */
export interface DirectoryUser {
  readonly userId: string;
  readonly userNid: number;
  readonly isAdmin: boolean;
}
