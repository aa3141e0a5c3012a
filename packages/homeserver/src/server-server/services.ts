import type { Accounts } from '../accounts/accounts.ts';
import type { RateLimiters } from '../client-server/rate-limits.ts';
import type { Config } from '../config/config.ts';
import type { Directory } from '../directory/directory.ts';
import type { Encryption } from '../e2ee/encryption.ts';
import type { FederationClient } from '../federation-client/federation-client.ts';
import type { Notary } from '../federation-client/keys/notary.ts';
import type { OwnKeys } from '../federation-client/keys/own-keys.ts';
import type { Handshake } from '../federation/handshake/handshake.ts';
import type { Transactions } from '../federation/inbox/receive-transaction.ts';
import type { Serving } from '../federation/serving/serving.ts';
import { endpointFor } from '../http/endpoint.ts';
import type { MediaRepository } from '../media/media.ts';
import type { RemoteRooms } from '../membership/remote/remote-rooms.ts';

/** What the handlers of the server-server API are given; made at composition. */
export interface ServerServices {
  readonly config: Config;
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly encryption: Encryption;
  readonly ownKeys: OwnKeys;
  readonly notary: Notary;
  readonly media: MediaRepository;
  /** Rooms that other servers are in. */
  readonly remoteRooms: RemoteRooms;
  readonly client: FederationClient;
  readonly serving: Serving;
  readonly handshake: Handshake;
  readonly rateLimits: RateLimiters;
  readonly transactions: Transactions;
  /** Of Soma. */
  readonly serverVersion: string;
}

export const serverEndpoint = endpointFor<ServerServices>();
