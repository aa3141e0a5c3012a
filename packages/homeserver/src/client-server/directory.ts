import { Type } from 'typebox';

import { readAliasesOfRoom } from '../directory/alias-store.ts';
import { deleteAlias } from '../directory/delete-alias.ts';
import { lookUpAlias } from '../directory/look-up-alias.ts';
import { publishRoom, readDirectoryVisibility } from '../directory/publish-room.ts';
import { putAlias } from '../directory/put-alias.ts';
import { forbidden } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { readRoomAccess } from '../rooms/room-access.ts';
import { readAt } from '../storage/database.ts';
import { viewerOf } from './room-reading.ts';
import { clientEndpoint } from './services.ts';

const aliasPaths = clientPaths('/directory/room/{roomAlias}', { apiV1: true });
const listPaths = clientPaths('/directory/list/room/{roomId}', { apiV1: true });
const Empty = Type.Object({});

const setRoomAlias = clientEndpoint({
  operationId: 'setRoomAlias',
  summary: 'Give a room an alias',
  spec: 'Room directory',
  method: 'PUT',
  paths: aliasPaths,
  authentication: 'required',
  body: Type.Object({ room_id: Type.String() }),
  responses: { 200: Empty },
  errcodes: ['M_INVALID_PARAM', 'M_EXCLUSIVE'],
  handle: async ({ params, body, requester }, { directory }) => {
    await putAlias(directory, requester, params.roomAlias, body.room_id);
    return {};
  },
});

const getRoomIdByAlias = clientEndpoint({
  operationId: 'getRoomIdByAlias',
  summary: 'The room that an alias stands for',
  spec: 'Room directory',
  method: 'GET',
  paths: aliasPaths,
  authentication: 'none',
  responses: {
    200: Type.Object({ room_id: Type.String(), servers: Type.Array(Type.String()) }),
  },
  errcodes: ['M_INVALID_PARAM'],
  handle: async ({ params }, { directory }) => {
    const { roomId, servers } = await lookUpAlias(directory, params.roomAlias);
    return { room_id: roomId, servers };
  },
});

const deleteRoomAlias = clientEndpoint({
  operationId: 'deleteRoomAlias',
  summary: 'Take an alias away from its room',
  spec: 'Room directory',
  method: 'DELETE',
  paths: aliasPaths,
  authentication: 'required',
  responses: { 200: Empty },
  errcodes: ['M_INVALID_PARAM', 'M_EXCLUSIVE'],
  handle: async ({ params, requester }, { directory }) => {
    await deleteAlias(directory, requester, params.roomAlias);
    return {};
  },
});

const getLocalAliases = clientEndpoint({
  operationId: 'getLocalAliases',
  summary: 'The aliases that this server keeps of a room',
  spec: 'Room directory',
  method: 'GET',
  paths: [
    ...clientPaths('/rooms/{roomId}/aliases'),
    '/_matrix/client/unstable/org.matrix.msc2432/rooms/{roomId}/aliases',
  ],
  authentication: 'required',
  responses: { 200: Type.Object({ aliases: Type.Array(Type.String()) }) },
  errcodes: [],
  handle: ({ params, requester }, { rooms }) =>
    readAt(rooms.database, async (reader) => {
      const access = await readRoomAccess(rooms, reader, viewerOf(requester), params.roomId);
      if (access.leftBy !== undefined) throw forbidden('You are not in this room');
      return { aliases: await readAliasesOfRoom(reader, access.roomNid) };
    }),
});

const getVisibility = clientEndpoint({
  operationId: 'getRoomVisibilityOnDirectory',
  summary: 'Whether the published directory shows a room',
  spec: 'Room discovery',
  method: 'GET',
  paths: listPaths,
  authentication: 'none',
  responses: { 200: Type.Object({ visibility: Type.Enum(['public', 'private']) }) },
  errcodes: [],
  handle: async ({ params }, { directory }) => ({
    visibility: await readDirectoryVisibility(directory, params.roomId),
  }),
});

const setVisibility = clientEndpoint({
  operationId: 'setRoomVisibilityOnDirectory',
  summary: 'Show a room in the published directory, or no longer',
  spec: 'Room discovery',
  method: 'PUT',
  paths: listPaths,
  authentication: 'required',
  body: Type.Object({ visibility: Type.Optional(Type.Enum(['public', 'private'])) }),
  bodyOptional: true,
  responses: { 200: Empty },
  errcodes: [],
  handle: async ({ params, body, requester }, { directory }) => {
    await publishRoom(directory, requester, params.roomId, body.visibility ?? 'public');
    return {};
  },
});

export const directoryEndpoints = [
  setRoomAlias,
  getRoomIdByAlias,
  deleteRoomAlias,
  getLocalAliases,
  getVisibility,
  setVisibility,
];
