import { Type } from 'typebox';

import { findSummary } from '../directory/find-summary.ts';
import { lookUpAlias } from '../directory/look-up-alias.ts';
import type { AliasedRoom } from '../directory/look-up-alias.ts';
import { readHierarchy } from '../directory/read-hierarchy.ts';
import { resolveAlias } from '../directory/resolve-alias.ts';
import { NOBODY, summariseRoom } from '../directory/summarise-room.ts';
import { notFound } from '../errors/matrix-error.ts';
import { clientPaths, v1Paths } from '../http/endpoint.ts';
import { mutualRooms } from '../membership/mutual-rooms.ts';
import { readAt } from '../storage/database.ts';
import { clientEndpoint } from './services.ts';
import type { ClientServices } from './services.ts';

const getHierarchy = clientEndpoint({
  operationId: 'getSpaceHierarchy',
  summary: 'Get a part of the tree of rooms below a space',
  spec: 'Spaces',
  method: 'GET',
  paths: [
    ...clientPaths('/rooms/{roomId}/hierarchy', { releases: ['v1'], unstable: false }),
    '/_matrix/client/unstable/org.matrix.msc2946/rooms/{roomId}/hierarchy',
  ],
  authentication: 'required',
  query: Type.Object({
    suggested_only: Type.Boolean({ default: false }),
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
    max_depth: Type.Optional(Type.Integer({ minimum: 0 })),
    from: Type.Optional(Type.String()),
  }),
  errcodes: ['M_INVALID_PARAM'],
  handle: ({ params, query, requester }, { rooms, spaceWalks: walks, remoteSpaces: remote }) =>
    readHierarchy(
      { rooms, walks, remote },
      {
        viewer: requester,
        roomId: params.roomId,
        suggestedOnly: query.suggested_only,
        maxDepth: query.max_depth,
        limit: query.limit,
        from: query.from,
      },
    ),
});

const getSummary = clientEndpoint({
  operationId: 'getRoomSummary',
  summary: 'Get what is shown of a room to those who may join it',
  spec: 'Room discovery',
  method: 'GET',
  paths: [
    ...v1Paths('/room_summary/{roomIdOrAlias}'),
    '/_matrix/client/unstable/im.nheko.summary/summary/{roomIdOrAlias}',
    '/_matrix/client/unstable/im.nheko.summary/rooms/{roomIdOrAlias}/summary',
  ],
  authentication: 'optional',
  guests: true,
  query: Type.Object({ via: Type.Optional(Type.Array(Type.String())) }),
  errcodes: ['M_NOT_FOUND', 'M_INVALID_PARAM'],
  handle: async ({ params: { roomIdOrAlias }, query, requester }, services) => {
    const { rooms, remoteSpaces } = services;
    const isKnown = requester !== undefined;
    const { roomId, servers } = await findRoom(services, roomIdOrAlias, isKnown);
    const via = [...(query.via ?? []), ...servers];
    const summary = isKnown
      ? await findSummary(rooms, remoteSpaces, requester.userId, roomId, via)
      : await readAt(rooms.database, (reader) => summariseRoom(rooms, reader, NOBODY, roomId));
    if (summary === undefined) throw notFound('There is no such room, or you may not see it');
    const { json, membership } = summary;
    return requester === undefined ? json : { ...json, membership: membership ?? 'leave' };
  },
});

/** Who has no account makes this server ask no other. */
async function findRoom(
  { directory }: Pick<ClientServices, 'directory'>,
  roomIdOrAlias: string,
  asksOthers: boolean,
): Promise<AliasedRoom> {
  if (!roomIdOrAlias.startsWith('#')) return { roomId: roomIdOrAlias, servers: [] };
  if (asksOthers) return lookUpAlias(directory, roomIdOrAlias);
  return { roomId: await resolveAlias(directory, roomIdOrAlias), servers: [] };
}

const getMutualRooms = clientEndpoint({
  operationId: 'getMutualRooms',
  summary: 'Get the rooms that one shares with another user',
  spec: 'Mutual Rooms',
  method: 'GET',
  paths: [
    ...v1Paths('/mutual_rooms'),
    '/_matrix/client/unstable/uk.half-shot.msc2666/user/mutual_rooms',
  ],
  authentication: 'required',
  query: Type.Object({ user_id: Type.String(), from: Type.Optional(Type.String()) }),
  errcodes: ['M_INVALID_PARAM'],
  handle: ({ query, requester }, { rooms }) =>
    mutualRooms(rooms, requester, query.user_id, query.from),
});

export const spaceEndpoints = [getHierarchy, getSummary, getMutualRooms];
