import type { Endpoint } from '../http/endpoint.ts';
import { destinationEndpoints } from './destinations.ts';
import { findUserByExternalId } from './external-ids.ts';
import { forwardExtremityEndpoints } from './forward-extremities.ts';
import { mediaDeletionEndpoints } from './media-deletion.ts';
import { quarantineEndpoints } from './media-quarantine.ts';
import { mediaReadingEndpoints } from './media-reading.ts';
import { listPushers } from './pushers.ts';
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
import { serverNoticeEndpoints } from './server-notices.ts';
import { getServerVersion } from './server-version.ts';
import type { AccountAdminServices, AdminServices } from './services.ts';
import { statisticsEndpoints } from './statistics.ts';
import { suspendUser } from './suspend.ts';
import { findUserByThreePid } from './three-pids.ts';

/** Those about accounts and the server itself. */
export const accountAdminEndpoints: readonly Endpoint<AccountAdminServices>[] = [
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
export const adminEndpoints: readonly Endpoint<AdminServices>[] = [
  ...accountAdminEndpoints,
  ...mediaReadingEndpoints,
  ...quarantineEndpoints,
  ...mediaDeletionEndpoints,
  ...statisticsEndpoints,
  ...serverNoticeEndpoints,
  listPushers,
  findUserByThreePid,
  findUserByExternalId,
  ...destinationEndpoints,
  ...forwardExtremityEndpoints,
  listEventReports,
  getEventReport,
  deleteEventReport,
  listUserReports,
  getUserReport,
  deleteUserReport,
];
