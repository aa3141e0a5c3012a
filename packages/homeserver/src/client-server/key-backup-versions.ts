import { Type } from 'typebox';

import {
  createBackup,
  deleteBackup,
  describeBackup,
  updateBackup,
} from '../e2ee/backup-versions.ts';
import { clientPaths } from '../http/endpoint.ts';
import { JsonObject } from '../http/schemas.ts';
import { clientEndpoint } from './services.ts';

const described = { spec: 'End-to-end encryption', authentication: 'required' } as const;
const versionPaths = clientPaths('/room_keys/version/{version}');
const Description = Type.Object({
  algorithm: Type.String(),
  auth_data: JsonObject,
  version: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});

const create = clientEndpoint({
  ...described,
  operationId: 'postRoomKeysVersion',
  summary: 'Begin a new backup of room keys',
  method: 'POST',
  paths: clientPaths('/room_keys/version'),
  body: Description,
  errcodes: ['M_INVALID_PARAM', 'M_TOO_LARGE'],
  handle: async ({ requester, body }, { encryption }) => ({
    version: await createBackup(encryption, requester.userNid, body),
  }),
});

const getNewest = clientEndpoint({
  ...described,
  operationId: 'getRoomKeysVersionCurrent',
  summary: 'Describe the newest backup of room keys',
  method: 'GET',
  paths: clientPaths('/room_keys/version'),
  errcodes: [],
  handle: ({ requester }, { encryption }) =>
    describeBackup(encryption, requester.userNid, undefined),
});

const getOne = clientEndpoint({
  ...described,
  operationId: 'getRoomKeysVersion',
  summary: 'Describe a backup of room keys',
  method: 'GET',
  paths: versionPaths,
  errcodes: [],
  handle: ({ requester, params }, { encryption }) =>
    describeBackup(encryption, requester.userNid, params.version),
});

const update = clientEndpoint({
  ...described,
  operationId: 'putRoomKeysVersion',
  summary: 'Change how a backup of room keys is authenticated',
  method: 'PUT',
  paths: versionPaths,
  body: Description,
  errcodes: ['M_INVALID_PARAM', 'M_TOO_LARGE'],
  async handle({ requester, params, body }, { encryption }) {
    await updateBackup(encryption, requester.userNid, params.version, body);
    return {};
  },
});

const remove = clientEndpoint({
  ...described,
  operationId: 'deleteRoomKeysVersion',
  summary: 'Delete a backup of room keys',
  method: 'DELETE',
  paths: versionPaths,
  errcodes: [],
  async handle({ requester, params }, { encryption }) {
    await deleteBackup(encryption, requester.userNid, params.version);
    return {};
  },
});

export const backupVersionEndpoints = [create, getNewest, getOne, update, remove];
