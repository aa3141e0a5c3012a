import { Type } from 'typebox';

import {
  deleteDehydratedDevice,
  getDehydratedDevice,
  putDehydratedDevice,
  readDehydratedEvents,
} from '../e2ee/dehydrated-devices.ts';
import { JsonObject } from '../http/schemas.ts';
import { OptionalText } from './body-fields.ts';
import { clientEndpoint } from './services.ts';

const path = '/_matrix/client/unstable/org.matrix.msc3814.v1/dehydrated_device';
const described = { spec: 'MSC3814', authentication: 'required' } as const;
const Keys = Type.Optional(JsonObject);

const put = clientEndpoint({
  ...described,
  operationId: 'putDehydratedDevice',
  summary: 'Leave a device that receives keys while all others are offline',
  method: 'PUT',
  paths: [path],
  body: Type.Object({
    device_id: Type.String(),
    device_data: JsonObject,
    initial_device_display_name: OptionalText,
    device_keys: Keys,
    one_time_keys: Keys,
    fallback_keys: Keys,
  }),
  errcodes: ['M_MISSING_PARAM', 'M_INVALID_PARAM', 'M_TOO_LARGE'],
  async handle({ requester, body }, { encryption }) {
    const {
      device_id: deviceId,
      device_data: deviceData,
      initial_device_display_name: name,
    } = body;
    const { device_keys, one_time_keys = {}, fallback_keys = {} } = body;
    await putDehydratedDevice(encryption, requester, {
      deviceId,
      deviceData,
      displayName: name ?? undefined,
      keys: {
        ...(device_keys === undefined ? {} : { device_keys }),
        one_time_keys,
        fallback_keys,
      },
    });
    return { device_id: deviceId };
  },
});

const get = clientEndpoint({
  ...described,
  operationId: 'getDehydratedDevice',
  summary: 'Show the device that was left',
  method: 'GET',
  paths: [path],
  errcodes: [],
  async handle({ requester }, { encryption }) {
    const { deviceId, deviceData } = await getDehydratedDevice(encryption, requester.userNid);
    const data: object = JSON.parse(deviceData);
    return { device_id: deviceId, device_data: data };
  },
});

const remove = clientEndpoint({
  ...described,
  operationId: 'deleteDehydratedDevice',
  summary: 'Delete the device that was left',
  method: 'DELETE',
  paths: [path],
  errcodes: [],
  handle: async ({ requester }, { encryption }) => ({
    device_id: await deleteDehydratedDevice(encryption, requester.userNid),
  }),
});

const eventsDescribed = {
  ...described,
  summary: 'Show what was sent to the device that was left',
  paths: [`${path}/{deviceId}/events`],
  errcodes: ['M_INVALID_PARAM'],
} as const;

const getEvents = clientEndpoint({
  ...eventsDescribed,
  operationId: 'getDehydratedDeviceEvents',
  method: 'GET',
  query: Type.Object({
    from: Type.Optional(Type.String()),
    limit: Type.Optional(Type.Integer({ minimum: 1 })),
  }),
  async handle({ requester, params, query }, { encryption }) {
    const request = { from: undefined, ...params, ...query };
    const found = await readDehydratedEvents(encryption, requester.userNid, request);
    const { events, nextBatch, hasMore } = found;
    return { events, ...(hasMore ? { next_batch: nextBatch } : {}) };
  },
});

/** Of an earlier draft: clients go on until there are no events. */
const postEvents = clientEndpoint({
  ...eventsDescribed,
  operationId: 'postDehydratedDeviceEvents',
  method: 'POST',
  deprecated: true,
  body: Type.Object({ next_batch: OptionalText }),
  bodyOptional: true,
  async handle({ requester, params, body }, { encryption }) {
    const request = { ...params, from: body.next_batch ?? undefined };
    const found = await readDehydratedEvents(encryption, requester.userNid, request);
    return { events: found.events, next_batch: found.nextBatch };
  },
});

export const dehydratedDeviceEndpoints = [put, get, remove, getEvents, postEvents];
