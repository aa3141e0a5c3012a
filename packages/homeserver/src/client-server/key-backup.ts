import { Type } from 'typebox';

import { deleteBackedUpKeys, getBackedUpKeys, putBackedUpKeys } from '../e2ee/backed-up-keys.ts';
import type { BackupQuestion } from '../e2ee/backed-up-keys.ts';
import { notFound } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import type { Requester } from '../http/endpoint.ts';
import { JsonObject } from '../http/schemas.ts';
import { clientEndpoint } from './services.ts';

const described = {
  spec: 'End-to-end encryption',
  authentication: 'required',
  query: Type.Object({ version: Type.String() }),
} as const;
const putting = {
  ...described,
  method: 'PUT',
  errcodes: ['M_MISSING_PARAM', 'M_WRONG_ROOM_KEYS_VERSION', 'M_INVALID_PARAM', 'M_TOO_LARGE'],
} as const;
const getting = { ...described, method: 'GET', errcodes: ['M_MISSING_PARAM'] } as const;
const deleting = { ...described, method: 'DELETE', errcodes: ['M_MISSING_PARAM'] } as const;

const allPaths = clientPaths('/room_keys/keys');
const roomPaths = clientPaths('/room_keys/keys/{roomId}');
const sessionPaths = clientPaths('/room_keys/keys/{roomId}/{sessionId}');
const Sessions = Type.Object({ sessions: JsonObject });

interface Asked {
  readonly requester: Requester;
  readonly query: { readonly version: string };
  readonly params: { readonly roomId?: string; readonly sessionId?: string };
}

function questionOf({ requester, query, params }: Asked): BackupQuestion {
  const { roomId, sessionId } = params;
  return { userNid: requester.userNid, version: query.version, roomId, sessionId };
}

const putAll = clientEndpoint({
  ...putting,
  operationId: 'putRoomKeys',
  summary: 'Back up keys of several rooms',
  paths: allPaths,
  body: Type.Object({ rooms: Type.Record(Type.String(), Sessions) }),
  handle: ({ requester, query, body: { rooms } }, { encryption }) =>
    putBackedUpKeys(encryption, requester.userNid, query.version, rooms),
});

const putRoom = clientEndpoint({
  ...putting,
  operationId: 'putRoomKeysByRoomId',
  summary: 'Back up keys of one room',
  paths: roomPaths,
  body: Sessions,
  handle: ({ requester, query, params: { roomId }, body }, { encryption }) =>
    putBackedUpKeys(encryption, requester.userNid, query.version, { [roomId]: body }),
});

const putSession = clientEndpoint({
  ...putting,
  operationId: 'putRoomKeyBySessionId',
  summary: 'Back up the key of one session',
  paths: sessionPaths,
  body: JsonObject,
  handle: ({ requester, query, params: { roomId, sessionId }, body }, { encryption }) => {
    const rooms = { [roomId]: { sessions: { [sessionId]: body } } };
    return putBackedUpKeys(encryption, requester.userNid, query.version, rooms);
  },
});

const getAll = clientEndpoint({
  ...getting,
  operationId: 'getRoomKeys',
  summary: 'Show the keys of a backup',
  paths: allPaths,
  async handle(request, { encryption }) {
    const rooms = await getBackedUpKeys(encryption, questionOf(request));
    const entries = [...rooms].map(([roomId, sessions]) => [roomId, { sessions }] as const);
    return { rooms: Object.fromEntries(entries) };
  },
});

const getRoom = clientEndpoint({
  ...getting,
  operationId: 'getRoomKeysByRoomId',
  summary: 'Show the keys of one room in a backup',
  paths: roomPaths,
  async handle(request, { encryption }) {
    const rooms = await getBackedUpKeys(encryption, questionOf(request));
    return { sessions: rooms.get(request.params.roomId) ?? {} };
  },
});

const getSession = clientEndpoint({
  ...getting,
  operationId: 'getRoomKeyBySessionId',
  summary: 'Show the key of one session in a backup',
  paths: sessionPaths,
  async handle(request, { encryption }) {
    const { roomId, sessionId } = request.params;
    const rooms = await getBackedUpKeys(encryption, questionOf(request));
    const key = rooms.get(roomId)?.[sessionId];
    if (key === undefined || key === null) throw notFound('There is no such key in the backup');
    return Object(key);
  },
});

const deleteAll = clientEndpoint({
  ...deleting,
  operationId: 'deleteRoomKeys',
  summary: 'Delete the keys of a backup',
  paths: allPaths,
  handle: (request, { encryption }) => deleteBackedUpKeys(encryption, questionOf(request)),
});

const deleteRoom = clientEndpoint({
  ...deleting,
  operationId: 'deleteRoomKeysByRoomId',
  summary: 'Delete the keys of one room in a backup',
  paths: roomPaths,
  handle: (request, { encryption }) => deleteBackedUpKeys(encryption, questionOf(request)),
});

const deleteSession = clientEndpoint({
  ...deleting,
  operationId: 'deleteRoomKeyBySessionId',
  summary: 'Delete the key of one session in a backup',
  paths: sessionPaths,
  handle: (request, { encryption }) => deleteBackedUpKeys(encryption, questionOf(request)),
});

export const keyBackupEndpoints = [
  putAll,
  putRoom,
  putSession,
  getAll,
  getRoom,
  getSession,
  deleteAll,
  deleteRoom,
  deleteSession,
];
