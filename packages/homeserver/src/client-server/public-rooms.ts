import { Type } from 'typebox';

import { parseNetworkInstanceId } from '../appservices/network-instance.ts';
import { listPublicRooms } from '../directory/list-public-rooms.ts';
import type { PublicRoomsPage, PublicRoomsRequest } from '../directory/list-public-rooms.ts';
import { listRemoteRooms } from '../directory/list-remote-rooms.ts';
import type { DirectoryScope } from '../directory/room-details-store.ts';
import { invalidParam, missingToken } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import type { Requester } from '../http/endpoint.ts';
import { OptionalText, optional } from './body-fields.ts';
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
  body: Type.Object({
    limit: optional(Type.Integer({ minimum: 0 })),
    since: OptionalText,
    filter: optional(
      Type.Object({
        generic_search_term: OptionalText,
        room_types: optional(Type.Array(Type.Union([Type.String(), Type.Null()]))),
      }),
    ),
    include_all_networks: optional(Type.Boolean()),
    third_party_instance_id: OptionalText,
  }),
  bodyOptional: true,
  errcodes: ['M_INVALID_PARAM', 'M_FORBIDDEN', 'M_NOT_FOUND'],
  handle: ({ query, body, requester }, services) => {
    checkMayList(services, requester, query.server);
    const { limit, since, filter, third_party_instance_id: network } = body;
    const scope = scopeOf(body.include_all_networks ?? false, network ?? undefined);
    return list(services, query.server, {
      scope,
      limit: limit ?? undefined,
      since: since ?? undefined,
      searchTerm: filter?.generic_search_term ?? undefined,
      roomTypes: filter?.room_types ?? undefined,
    });
  },
});

/** Throws `400 M_INVALID_PARAM` for all networks and one of them. */
function scopeOf(isEverywhere: boolean, instanceId: string | undefined): DirectoryScope {
  if (instanceId === undefined) return isEverywhere ? 'everywhere' : 'published';
  if (isEverywhere) {
    throw invalidParam('third_party_instance_id is for one network, include_all_networks for all');
  }
  return parseNetworkInstanceId(instanceId);
}

function list(
  { directory, directoryClient }: ClientServices,
  server: string | undefined,
  request: PublicRoomsRequest,
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
