import type { DirectoryConfig } from '../config/config.ts';
import type { FederationClient } from '../federation-client/federation-client.ts';
import type { Rooms } from '../rooms/rooms.ts';

/** What the room directory works with; one per process, made at composition. */
export interface Directory {
  readonly rooms: Rooms;
  readonly config: DirectoryConfig;
  /** Throws `400 M_EXCLUSIVE` for an alias that is an application service's, and for one that is not the asking one's. */
  checkAliasOwner(alias: string, serviceId: string | undefined): void;
  /** Whether an application service makes the room of its alias now. Throws a 408 where it does not answer. */
  bringAlias(alias: string): Promise<boolean>;
  /** The servers that are in a room, those that have been there the longest first. */
  serversOf(roomNid: number): Promise<readonly string[]>;
  /** Asks other servers about their aliases. */
  readonly federation: Pick<FederationClient, 'requestJson'>;
}

/** On whose behalf the directory is changed. */
export interface DirectoryUser {
  readonly userId: string;
  readonly userNid: number;
  readonly isAdmin: boolean;
  /** On whose behalf the user asks. */
  readonly applicationService?: { readonly id: string };
}
