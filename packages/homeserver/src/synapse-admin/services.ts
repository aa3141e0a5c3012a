import type { Accounts } from '../accounts/accounts.ts';
import type { AccountServices } from '../client-server/services.ts';
import type { Directory } from '../directory/directory.ts';
import type { Destinations } from '../federation-client/destinations.ts';
import { endpointFor } from '../http/endpoint.ts';
import type { MediaRepository } from '../media/media.ts';
import type { ServerNotices } from '../membership/server-notices.ts';
import type { Rooms } from '../rooms/rooms.ts';

/** What the handlers about accounts and the server are given; made at composition. */
export interface AccountAdminServices extends Pick<AccountServices, 'joinFirstRooms'> {
  readonly accounts: Accounts;
  /** Of Soma. */
  readonly serverVersion: string;
}

/** What the handlers of Synapse's admin API are given. */
export interface AdminServices extends AccountAdminServices {
  readonly destinations: Pick<Destinations, 'failureOf' | 'forgive'>;
  readonly directory: Directory;
  readonly media: MediaRepository;
  readonly rooms: Rooms;
  /** Undefined where the operator has not set them up. */
  readonly serverNotices: ServerNotices | undefined;
}

export const accountAdminEndpoint = endpointFor<AccountAdminServices>();
export const adminEndpoint = endpointFor<AdminServices>();
