import type { JsonObject } from '@soma/protocol';

import type { Accounts } from '../accounts/accounts.ts';
import type { ThreePids } from '../accounts/three-pids/three-pids.ts';
import type { ApplicationService } from '../appservices/application-service.ts';
import type { ApplicationServices } from '../appservices/application-services.ts';
import type { ServiceClient } from '../appservices/service-client.ts';
import type { ThirdPartyNetworks } from '../appservices/third-party-networks.ts';
import type { Config } from '../config/config.ts';
import type { DirectoryClient } from '../directory/ask-directory.ts';
import type { Directory } from '../directory/directory.ts';
import type { SpaceWalks } from '../directory/read-hierarchy.ts';
import type { RemoteSpaces } from '../directory/remote-spaces.ts';
import type { Encryption } from '../e2ee/encryption.ts';
import type { Ephemeral } from '../ephemeral/ephemeral.ts';
import type { Presence } from '../ephemeral/presence.ts';
import type { RoomPasts } from '../federation/history/room-pasts.ts';
import type { ThirdPartyInvite } from '../federation/third-party/third-party-invite.ts';
import { endpointFor } from '../http/endpoint.ts';
import type { InteractiveAuth } from '../http/interactive-auth.ts';
import type { RateLimiter } from '../http/rate-limit.ts';
import type { MediaRepository } from '../media/media.ts';
import type { UrlPreviews } from '../media/previews/url-previews.ts';
import type { CopyRoomRules } from '../membership/carry-over-settings.ts';
import type { RemoteRooms } from '../membership/remote/remote-rooms.ts';
import type { PushRules } from '../push/push-rules.ts';
import type { Pushers } from '../push/pushers/pushers.ts';
import type { DelayedEvents } from '../rooms/delayed/delayed-events.ts';
import type { Rooms } from '../rooms/rooms.ts';
import type { Search } from '../search/search-events.ts';
import type { UserDirectory } from '../search/search-users.ts';
import type { SingleSignOn } from '../sso/single-sign-on.ts';
import type { SlidingContext } from '../sync/sliding/sliding-context.ts';
import type { SyncContext } from '../sync/sync-context.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { RateLimiters } from './rate-limits.ts';

/** What the handlers about accounts are given; made at composition. */
export interface AccountServices {
  readonly config: Config;
  readonly accounts: Accounts;
  readonly threePids: ThreePids;
  readonly applicationServices: ApplicationServices;
  readonly logger: Logger;
  readonly interactiveAuth: InteractiveAuth;
  readonly rateLimits: RateLimiters;
  /** Undefined where the operator has named no identity provider. */
  readonly singleSignOn: SingleSignOn | undefined;
  /** Sends the user's profile, as it is now, into the rooms that the user has joined. */
  propagateProfile(userId: string): Promise<void>;
  /** Throws `403 M_FORBIDDEN` for a picture that users may not have. */
  checkAvatar(avatarUrl: string): Promise<void>;
  /** Has unread messages told to a new user's address, where the operator wants that. */
  notifyByMail(userNid: number, address: string): Promise<void>;
  /** Has a new user join the rooms that the operator names. */
  joinFirstRooms(user: { readonly userId: string; readonly isGuest: boolean }): Promise<void>;
  /**
   * The profile of a user of another server, or one field of it. Throws `404 M_NOT_FOUND`, `403 M_FORBIDDEN`, and
   * `502` where that server cannot be asked.
   */
  queryRemoteProfile(userId: string, field?: string): Promise<JsonObject>;
  /** Has an application service make a user that is its own and not there. */
  bringUser(userId: string): Promise<void>;
  /** Takes a user whose account has ended out of all rooms. */
  departUser(userNid: number): Promise<void>;
}

/** What the handlers about media are given. */
export interface MediaServices {
  readonly media: MediaRepository;
  /** Of the bytes that are fetched from other servers for one address. */
  readonly remoteMediaBytes: RateLimiter;
}

/** How application services are asked. */
export interface Bridges {
  readonly client: ServiceClient;
  readonly networks: ThirdPartyNetworks;
  /** The service is there: what it has not taken is tried again. */
  retryNow(service: ApplicationService): void;
}

/** What the handlers of the client-server API are given. */
export interface ClientServices extends AccountServices, MediaServices {
  readonly rooms: Rooms;
  readonly bridges: Bridges;
  /** Rooms that other servers are in. */
  readonly remoteRooms: RemoteRooms;
  /** What of rooms' histories other servers have. */
  readonly pasts: RoomPasts;
  readonly ephemeral: Ephemeral;
  readonly pushRules: PushRules;
  readonly pushers: Pushers;
  readonly sync: SyncContext;
  readonly slidingSync: SlidingContext;
  /** Undefined where the operator has not enabled them. */
  readonly urlPreviews: UrlPreviews | undefined;
  readonly directory: Directory;
  readonly spaceWalks: SpaceWalks;
  readonly remoteSpaces: RemoteSpaces;
  /** Asks other servers for what they publish. */
  readonly directoryClient: DirectoryClient;
  /** Undefined where it is turned off. */
  readonly search: Search | undefined;
  readonly userDirectory: UserDirectory;
  readonly delayedEvents: DelayedEvents;
  readonly encryption: Encryption;
  readonly copyRoomRules: CopyRoomRules;
  /** Makes an invite of an invitation to an address of the user's. Throws `MatrixError`. */
  redeemInvite(invite: ThirdPartyInvite): Promise<void>;
  /** Undefined where it is turned off. */
  readonly presence: Presence | undefined;
}

export const accountEndpoint = endpointFor<AccountServices>();
export const mediaEndpoint = endpointFor<MediaServices>();
export const clientEndpoint = endpointFor<ClientServices>();
