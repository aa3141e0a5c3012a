import type { Endpoint } from '../http/endpoint.ts';
import { getSpaceHierarchy } from './hierarchy.ts';
import { userKeyEndpoints } from './keys-of-users.ts';
import { bulkPerspectivesKeyQuery, getServerKey, perspectivesKeyQuery } from './keys.ts';
import { federationMediaEndpoints } from './media.ts';
import { exchangeOpenIdToken } from './openid.ts';
import { publicRoomsEndpoints } from './public-rooms.ts';
import { queryEndpoints } from './query.ts';
import type { ServerServices } from './services.ts';
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
  ...publicRoomsEndpoints,
  getSpaceHierarchy,
  ...userKeyEndpoints,
  exchangeOpenIdToken,
  sendTransaction,
  ...serverMediaEndpoints,
];
