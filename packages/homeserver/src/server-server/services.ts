import type { Accounts } from '../accounts/accounts.ts';
import type { Config } from '../config/config.ts';
import type { Directory } from '../directory/directory.ts';
import type { Notary } from '../federation-client/keys/notary.ts';
import type { OwnKeys } from '../federation-client/keys/own-keys.ts';
import type { Transactions } from '../federation/inbox/receive-transaction.ts';
import { endpointFor } from '../http/endpoint.ts';
import type { RateLimiter } from '../http/rate-limit.ts';
import type { MediaRepository } from '../media/media.ts';
import type { RemoteRooms } from '../membership/remote/remote-rooms.ts';

/** What the handlers of the server-server API are given; made at composition. */
export interface ServerServices {
  readonly config: Config;
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly ownKeys: OwnKeys;
  readonly notary: Notary;
  readonly media: MediaRepository;
  /** Rooms that other servers are in. */
  readonly remoteRooms: RemoteRooms;
  /** Those that count invitations. */
  readonly rateLimits: Readonly<
    Record<'rc_invites.per_room' | 'rc_invites.per_user', Pick<RateLimiter, 'check'>>
  >;
  readonly transactions: Transactions;
  /** Of Soma. */
  readonly serverVersion: string;
}

export const serverEndpoint = endpointFor<ServerServices>();
