import type { Endpoint } from '../http/endpoint.ts';
import { getSpaceHierarchy } from './hierarchy.ts';
import { inviteEndpoints } from './invites.ts';
import { joinEndpoints } from './joins.ts';
import { userKeyEndpoints } from './keys-of-users.ts';
import { bulkPerspectivesKeyQuery, getServerKey, perspectivesKeyQuery } from './keys.ts';
import { knockEndpoints } from './knocks.ts';
import { leaveEndpoints } from './leaves.ts';
import { federationMediaEndpoints } from './media.ts';
import { exchangeOpenIdToken } from './openid.ts';
import { publicRoomsEndpoints } from './public-rooms.ts';
import { queryEndpoints } from './query.ts';
import { roomHistoryEndpoints } from './room-history.ts';
import { roomStateEndpoints } from './room-state.ts';
import type { ServerServices } from './services.ts';
import { thirdPartyInviteEndpoints } from './third-party-invites.ts';
import { sendTransaction } from './transactions.ts';
import { getVersion } from './version.ts';

/** Those that `enable_media_repo: false` turns off. */
export const serverMediaEndpoints: readonly Endpoint<ServerServices>[] =
  federationMediaEndpoints('server');

/** Every endpoint of the server-server API that Soma serves. */
export const serverEndpoints: readonly Endpoint<ServerServices>[] = [
  getVersion,
  getServerKey,
  perspectivesKeyQuery,
  bulkPerspectivesKeyQuery,
  ...queryEndpoints,
  ...inviteEndpoints,
  ...publicRoomsEndpoints,
  getSpaceHierarchy,
  ...userKeyEndpoints,
  exchangeOpenIdToken,
  ...roomHistoryEndpoints,
  ...roomStateEndpoints,
  ...joinEndpoints,
  ...leaveEndpoints,
  ...knockEndpoints,
  ...thirdPartyInviteEndpoints,
  sendTransaction,
  ...serverMediaEndpoints,
];
