import { Type } from 'typebox';

import { PublicRoomsBody, publicRoomsRequest } from '../client-server/public-rooms-request.ts';
import { listPublicRooms } from '../directory/list-public-rooms.ts';
import type { PublicRoomsRequest } from '../directory/list-public-rooms.ts';
import { forbidden } from '../errors/matrix-error.ts';
import { serverEndpoint } from './services.ts';
import type { ServerServices } from './services.ts';

const described = {
  spec: 'Published Room Directory',
  paths: ['/_matrix/federation/v1/publicRooms'],
  authentication: 'server',
  errcodes: ['M_FORBIDDEN', 'M_INVALID_PARAM'],
} as const;

const Text = Type.Optional(Type.String());

const get = serverEndpoint({
  ...described,
  operationId: 'getFederatedPublicRooms',
  summary: 'List the published rooms of this server',
  method: 'GET',
  query: Type.Object({
    limit: Type.Optional(Type.Integer({ minimum: 0 })),
    since: Text,
    include_all_networks: Type.Optional(Type.Boolean()),
    third_party_instance_id: Text,
  }),
  handle: ({ query }, { directory }) => list(directory, publicRoomsRequest(query)),
});

const post = serverEndpoint({
  ...described,
  operationId: 'queryFederatedPublicRooms',
  summary: 'Search the published rooms of this server',
  method: 'POST',
  body: PublicRoomsBody,
  handle: ({ body }, { directory }) => list(directory, publicRoomsRequest(body)),
});

/** Throws `403 M_FORBIDDEN` where the operator does not show them to other servers. */
function list(
  directory: ServerServices['directory'],
  request: PublicRoomsRequest,
): ReturnType<typeof listPublicRooms> {
  if (!directory.config.allowPublicRoomsOverFederation) {
    throw forbidden('This server does not show its rooms to other servers');
  }
  // To a server, 0 is no limit.
  const limit = request.limit === 0 ? undefined : request.limit;
  return listPublicRooms(directory, { ...request, limit });
}

export const publicRoomsEndpoints = [get, post];
