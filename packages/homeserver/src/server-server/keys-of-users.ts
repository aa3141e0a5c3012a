import { Type } from 'typebox';

import {
  claimKeysForServer,
  devicesForServer,
  queryKeysForServer,
} from '../e2ee/keys-for-servers.ts';
import { notFound } from '../errors/matrix-error.ts';
import { serverEndpoint } from './services.ts';

const claim = serverEndpoint({
  operationId: 'claimUserEncryptionKeys',
  summary: 'Take one-time keys of devices of this server',
  spec: 'End-to-End Encryption',
  method: 'POST',
  paths: ['/_matrix/federation/v1/user/keys/claim'],
  authentication: 'server',
  body: Type.Object({
    one_time_keys: Type.Record(Type.String(), Type.Record(Type.String(), Type.String())),
  }),
  errcodes: ['M_INVALID_PARAM'],
  handle: ({ body }, { encryption }) => claimKeysForServer(encryption, body.one_time_keys),
});

const query = serverEndpoint({
  operationId: 'queryUserEncryptionKeys',
  summary: 'Show the keys of users of this server',
  spec: 'End-to-End Encryption',
  method: 'POST',
  paths: ['/_matrix/federation/v1/user/keys/query'],
  authentication: 'server',
  // A list without devices is null to servers in Go.
  body: Type.Object({
    device_keys: Type.Record(Type.String(), Type.Union([Type.Array(Type.String()), Type.Null()])),
  }),
  errcodes: ['M_INVALID_PARAM'],
  handle: ({ body }, { encryption }) => queryKeysForServer(encryption, body.device_keys),
});

const devices = serverEndpoint({
  operationId: 'getUserDevices',
  summary: 'List the devices of a user of this server',
  spec: 'Device Management',
  method: 'GET',
  paths: ['/_matrix/federation/v1/user/devices/{userId}'],
  authentication: 'server',
  errcodes: ['M_INVALID_PARAM', 'M_NOT_FOUND'],
  async handle({ params }, { encryption }) {
    const found = await devicesForServer(encryption, params.userId);
    if (found === undefined) throw notFound('There is no such user');
    return found;
  },
});

export const userKeyEndpoints = [claim, query, devices];
