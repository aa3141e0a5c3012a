import { Type } from 'typebox';

import { acceptMember } from '../federation/handshake/accept-member.ts';
import { makeTemplate } from '../federation/handshake/make-template.ts';
import { memberBytesMax } from '../federation/serving/limits.ts';
import { JsonText } from '../http/response.ts';
import { serverEndpoint } from './services.ts';

const spec = 'Leaving rooms (rejecting invites)';

const makeLeave = serverEndpoint({
  operationId: 'makeLeave',
  summary: 'What a server needs to make a leave event',
  spec,
  method: 'GET',
  paths: ['/_matrix/federation/v1/make_leave/{roomId}/{userId}'],
  authentication: 'server',
  errcodes: ['M_FORBIDDEN', 'M_INVALID_PARAM', 'M_NOT_FOUND'],
  handle: async ({ origin, params }, { handshake }) => {
    const request = { origin, ...params, membership: 'leave' } as const;
    return { ...(await makeTemplate(handshake.serving, request)) };
  },
});

const common = {
  spec,
  method: 'PUT',
  authentication: 'server',
  body: Type.Unknown(),
  bodyAs: 'bytes',
  bodyBytesMax: memberBytesMax,
  errcodes: ['M_FORBIDDEN', 'M_INVALID_PARAM', 'M_NOT_FOUND', 'M_TOO_LARGE'],
} as const;

const sendLeaveV1 = serverEndpoint({
  ...common,
  operationId: 'sendLeaveV1',
  summary: 'Take a user of another server out of a room, in the form of old servers',
  paths: ['/_matrix/federation/v1/send_leave/{roomId}/{eventId}'],
  deprecated: true,
  handle: async ({ origin, params, body }, { handshake }) => {
    await acceptMember(handshake, {
      origin,
      ...params,
      pdu: body.toString('utf8'),
      membership: 'leave',
    });
    return new JsonText('[200,{}]');
  },
});

const sendLeaveV2 = serverEndpoint({
  ...common,
  operationId: 'sendLeaveV2',
  summary: 'Take a user of another server out of a room',
  paths: ['/_matrix/federation/v2/send_leave/{roomId}/{eventId}'],
  handle: async ({ origin, params, body }, { handshake }) => {
    await acceptMember(handshake, {
      origin,
      ...params,
      pdu: body.toString('utf8'),
      membership: 'leave',
    });
    return {};
  },
});

export const leaveEndpoints = [makeLeave, sendLeaveV1, sendLeaveV2];
