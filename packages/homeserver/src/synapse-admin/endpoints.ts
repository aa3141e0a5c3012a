import type { Endpoint } from '../http/endpoint.ts';
import { getRegistrationNonce, registerWithSharedSecret } from './register.ts';
import {
  createToken,
  deleteToken,
  getToken,
  listTokens,
  updateToken,
} from './registration-tokens.ts';
import {
  deleteEventReport,
  deleteUserReport,
  getEventReport,
  getUserReport,
  listEventReports,
  listUserReports,
} from './reports.ts';
import { getServerVersion } from './server-version.ts';
import type { AdminServices, RoomAdminServices } from './services.ts';
import { suspendUser } from './suspend.ts';

/** Those about accounts alone. */
export const accountAdminEndpoints: readonly Endpoint<AdminServices>[] = [
  getServerVersion,
  getRegistrationNonce,
  registerWithSharedSecret,
  listTokens,
  createToken,
  getToken,
  updateToken,
  deleteToken,
  suspendUser,
];

/** Every endpoint of Synapse's admin API that Soma serves. */
export const adminEndpoints: readonly Endpoint<RoomAdminServices>[] = [
  ...accountAdminEndpoints,
  listEventReports,
  getEventReport,
  deleteEventReport,
  listUserReports,
  getUserReport,
  deleteUserReport,
];
