import type { Accounts } from '../accounts/accounts.ts';
import { endpointFor } from '../http/endpoint.ts';

/** What the handlers of Synapse's admin API are given; made at composition. */
export interface AdminServices {
  readonly accounts: Accounts;
  /** Of Soma. */
  readonly serverVersion: string;
}

export const adminEndpoint = endpointFor<AdminServices>();
