import { Type } from 'typebox';

import { listPublicRooms } from '../directory/list-public-rooms.ts';
import type { PublicRoomsPage, PublicRoomsRequest } from '../directory/list-public-rooms.ts';
import { listRemoteRooms } from '../directory/list-remote-rooms.ts';
import type { RemoteRoomsRequest } from '../directory/list-remote-rooms.ts';
import { missingToken } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import type { Requester } from '../http/endpoint.ts';
import { PublicRoomsBody, networksOf, publicRoomsRequest } from './public-rooms-request.ts';
import { clientEndpoint } from './services.ts';
import type { ClientServices } from './services.ts';

const Limit = Type.Optional(Type.Integer({ minimum: 0 }));
const Text = Type.Optional(Type.String());
const paths = clientPaths('/publicRooms', { apiV1: true });

const getPublicRooms = clientEndpoint({
  operationId: 'getPublicRooms',
  summary: 'List the published rooms',
  spec: 'Room discovery',
  method: 'GET',
  paths,
  authentication: 'optional',
  guests: true,
  query: Type.Object({ limit: Limit, since: Text, server: Text }),
  errcodes: ['M_INVALID_PARAM', 'M_FORBIDDEN', 'M_NOT_FOUND'],
  handle: ({ query, requester }, services) => {
    checkMayList(services, requester, query.server);
    return list(services, query.server, query);
  },
});

const queryPublicRooms = clientEndpoint({
  operationId: 'queryPublicRooms',
  summary: 'Search the published rooms',
  spec: 'Room discovery',
  method: 'POST',
  paths,
  authentication: 'required',
  guests: true,
  query: Type.Object({ server: Text }),
  body: PublicRoomsBody,
  bodyOptional: true,
  errcodes: ['M_INVALID_PARAM', 'M_FORBIDDEN', 'M_NOT_FOUND'],
  handle: ({ query, body, requester }, services) => {
    checkMayList(services, requester, query.server);
    return list(services, query.server, {
      ...publicRoomsRequest(body),
      networks: networksOf(body),
    });
  },
});

function list(
  { directory, directoryClient }: ClientServices,
  server: string | undefined,
  request: PublicRoomsRequest & RemoteRoomsRequest,
): Promise<PublicRoomsPage> {
  if (server === undefined || server === directory.rooms.serverName) {
    return listPublicRooms(directory, request);
  }
  return listRemoteRooms(directoryClient, server, request);
}

/** Throws `401 M_MISSING_TOKEN`: who has no account makes this server ask no other. */
function checkMayList(
  { directory: { config, rooms } }: ClientServices,
  requester: Requester | undefined,
  server: string | undefined,
): void {
  if (requester !== undefined) return;
  const isElsewhere = server !== undefined && server !== rooms.serverName;
  if (isElsewhere || !config.allowPublicRoomsWithoutAuth) throw missingToken();
}

export const publicRoomsEndpoints = [getPublicRooms, queryPublicRooms];
