import type { DirectoryConfig } from '../config/config.ts';
import type { FederationClient } from '../federation-client/federation-client.ts';
import type { Rooms } from '../rooms/rooms.ts';

/** What the room directory works with; one per process, made at composition. */
export interface Directory {
  readonly rooms: Rooms;
  readonly config: DirectoryConfig;
  /** Asks other servers about their aliases. */
  readonly federation: Pick<FederationClient, 'requestJson'>;
}

/** On whose behalf the directory is changed. */
export interface DirectoryUser {
  readonly userId: string;
  readonly userNid: number;
  readonly isAdmin: boolean;
}
