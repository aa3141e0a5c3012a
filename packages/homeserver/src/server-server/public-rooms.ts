import { Type } from 'typebox';

import { listPublicRooms } from '../directory/list-public-rooms.ts';
import { forbidden } from '../errors/matrix-error.ts';
import { serverEndpoint } from './services.ts';
import type { ServerServices } from './services.ts';

const described = {
  spec: 'Published Room Directory',
  paths: ['/_matrix/federation/v1/publicRooms'],
  authentication: 'server',
  errcodes: ['M_FORBIDDEN', 'M_INVALID_PARAM'],
} as const;

const Limit = Type.Optional(Type.Integer({ minimum: 0 }));
const Text = Type.Optional(Type.String());

const get = serverEndpoint({
  ...described,
  operationId: 'getFederatedPublicRooms',
  summary: 'List the published rooms of this server',
  method: 'GET',
  query: Type.Object({ limit: Limit, since: Text, third_party_instance_id: Text }),
  handle: ({ query }, services) => list(services, query, query.third_party_instance_id),
});

const post = serverEndpoint({
  ...described,
  operationId: 'queryFederatedPublicRooms',
  summary: 'Search the published rooms of this server',
  method: 'POST',
  body: Type.Object({
    limit: Limit,
    since: Text,
    filter: Type.Optional(
      Type.Object({
        generic_search_term: Text,
        room_types: Type.Optional(Type.Array(Type.Union([Type.String(), Type.Null()]))),
      }),
    ),
    third_party_instance_id: Text,
  }),
  handle({ body }, services) {
    const { limit, since, filter, third_party_instance_id: network } = body;
    const { generic_search_term: searchTerm, room_types: roomTypes } = filter ?? {};
    return list(services, { limit, since, searchTerm, roomTypes }, network);
  },
});

/** Throws `403 M_FORBIDDEN` where the operator does not show them to other servers. */
function list(
  { directory }: ServerServices,
  { limit, ...request }: Parameters<typeof listPublicRooms>[1],
  network: string | undefined,
): ReturnType<typeof listPublicRooms> | object {
  if (!directory.config.allowPublicRoomsOverFederation) {
    throw forbidden('This server does not show its rooms to other servers');
  }
  // Rooms of other networks are published by application services, and there are none.
  if (network !== undefined) return { chunk: [], total_room_count_estimate: 0 };
  // To a server, 0 is no limit.
  return listPublicRooms(directory, { ...request, limit: limit === 0 ? undefined : limit });
}

export const publicRoomsEndpoints = [get, post];
