import { Type } from 'typebox';

import { listPublicRooms } from '../directory/list-public-rooms.ts';
import { missingToken, notFound } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import type { Requester } from '../http/endpoint.ts';
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
  errcodes: ['M_INVALID_PARAM'],
  handle: ({ query, requester }, services) => {
    checkMayList(services, requester, query.server);
    return listPublicRooms(services.directory, query);
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
    limit: Limit,
    since: Text,
    filter: Type.Optional(
      Type.Object({
        generic_search_term: Text,
        room_types: Type.Optional(Type.Array(Type.Union([Type.String(), Type.Null()]))),
      }),
    ),
    include_all_networks: Type.Optional(Type.Boolean()),
    third_party_instance_id: Text,
  }),
  bodyOptional: true,
  errcodes: ['M_INVALID_PARAM'],
  handle: ({ query, body, requester }, services) => {
    checkMayList(services, requester, query.server);
    const { limit, since, filter, third_party_instance_id: network } = body;
    // Rooms of other networks are published by application services, and there are none.
    if (network !== undefined) return { chunk: [], total_room_count_estimate: 0 };
    return listPublicRooms(services.directory, {
      limit,
      since,
      searchTerm: filter?.generic_search_term,
      roomTypes: filter?.room_types,
    });
  },
});

/** Throws `401 M_MISSING_TOKEN`, and `404 M_NOT_FOUND` for the rooms of another server. */
function checkMayList(
  { directory }: ClientServices,
  requester: Requester | undefined,
  server: string | undefined,
): void {
  if (requester === undefined && !directory.config.allowPublicRoomsWithoutAuth) {
    throw missingToken();
  }
  if (server !== undefined && server !== directory.rooms.serverName) {
    throw notFound('This server cannot ask other servers for their rooms');
  }
}

export const publicRoomsEndpoints = [getPublicRooms, queryPublicRooms];
