import type { Accounts } from '../accounts/accounts.ts';
import { endpointFor } from '../http/endpoint.ts';
import type { Rooms } from '../rooms/rooms.ts';

/** What the handlers of Synapse's admin API are given; made at composition. */
export interface AdminServices {
  readonly accounts: Accounts;
  /** Of Soma. */
  readonly serverVersion: string;
}

/** What the handlers about rooms and what is said in them are given. */
export interface RoomAdminServices extends AdminServices {
  readonly rooms: Rooms;
}

export const adminEndpoint = endpointFor<AdminServices>();
export const roomAdminEndpoint = endpointFor<RoomAdminServices>();
