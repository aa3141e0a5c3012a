import { Type } from 'typebox';

import { claimKeys } from '../e2ee/claim-keys.ts';
import { remoteTimeoutMsMax } from '../e2ee/limits.ts';
import { queryKeys } from '../e2ee/query-keys.ts';
import { uploadKeys } from '../e2ee/upload-keys.ts';
import { badRequest } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { JsonObject } from '../http/schemas.ts';
import { deviceListsBetween } from '../sync/device-lists.ts';
import { ownDeviceOf } from './own-device.ts';
import { viewerOf } from './room-reading.ts';
import { clientEndpoint } from './services.ts';

const described = {
  spec: 'End-to-end encryption',
  method: 'POST',
  authentication: 'required',
} as const;

const Timeout = Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]));
const timeoutOf = (timeout: number | null | undefined): number =>
  Math.min(timeout ?? 10_000, remoteTimeoutMsMax);

const uploadDescribed = {
  ...described,
  summary: 'Publish keys of the device',
  guests: true,
  body: JsonObject,
  errcodes: ['M_TOO_LARGE'],
} as const;

const upload = clientEndpoint({
  ...uploadDescribed,
  operationId: 'uploadKeys',
  paths: clientPaths('/keys/upload'),
  handle: async ({ requester, body }, { encryption }) => ({
    one_time_key_counts: await uploadKeys(encryption, ownDeviceOf(requester), body),
  }),
});

/** Clients from before r0.6 name the device in the path. */
const uploadOfDevice = clientEndpoint({
  ...uploadDescribed,
  operationId: 'uploadKeysOfDevice',
  paths: clientPaths('/keys/upload/{deviceId}'),
  deprecated: true,
  async handle({ requester, params, body }, { encryption }) {
    const device = ownDeviceOf(requester);
    if (params.deviceId !== device.deviceId) {
      throw badRequest('Keys can be uploaded for the device of the access token alone');
    }
    return { one_time_key_counts: await uploadKeys(encryption, device, body) };
  },
});

const query = clientEndpoint({
  ...described,
  operationId: 'queryKeys',
  summary: 'Show the keys of devices and users',
  paths: clientPaths('/keys/query'),
  guests: true,
  body: Type.Object({
    device_keys: Type.Record(Type.String(), Type.Array(Type.String())),
    timeout: Timeout,
  }),
  errcodes: [],
  handle: ({ requester, body }, { encryption }) =>
    queryKeys(encryption, requester, body.device_keys, timeoutOf(body.timeout)),
});

const claim = clientEndpoint({
  ...described,
  operationId: 'claimKeys',
  summary: 'Take one-time keys of devices',
  paths: clientPaths('/keys/claim'),
  guests: true,
  body: Type.Object({
    one_time_keys: Type.Record(Type.String(), Type.Record(Type.String(), Type.String())),
    timeout: Timeout,
  }),
  errcodes: [],
  handle: ({ body }, { encryption }) =>
    claimKeys(encryption, body.one_time_keys, timeoutOf(body.timeout)),
});

const changes = clientEndpoint({
  ...described,
  operationId: 'getKeysChanges',
  summary: 'Tell whose devices changed between two syncs',
  method: 'GET',
  paths: clientPaths('/keys/changes'),
  guests: true,
  query: Type.Object({ from: Type.String(), to: Type.Optional(Type.String()) }),
  errcodes: ['M_MISSING_PARAM', 'M_INVALID_PARAM'],
  handle: ({ requester, query: { from, to } }, { sync }) =>
    deviceListsBetween(sync, viewerOf(requester), from, to),
});

export const keyEndpoints = [upload, uploadOfDevice, query, claim, changes];
