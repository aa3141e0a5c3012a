import { Type } from 'typebox';

import { acceptMember } from '../federation/handshake/accept-member.ts';
import { knockState } from '../federation/handshake/knock-state.ts';
import { makeTemplate } from '../federation/handshake/make-template.ts';
import { memberBytesMax, versionsMax } from '../federation/serving/limits.ts';
import { JsonText } from '../http/response.ts';
import { serverEndpoint } from './services.ts';

const spec = 'Knocking upon a room';

const makeKnock = serverEndpoint({
  operationId: 'makeKnock',
  summary: 'What a server needs to make a knock event',
  spec,
  method: 'GET',
  paths: ['/_matrix/federation/v1/make_knock/{roomId}/{userId}'],
  authentication: 'server',
  query: Type.Object({ ver: Type.Array(Type.String(), { maxItems: versionsMax }) }),
  errcodes: [
    'M_FORBIDDEN',
    'M_INCOMPATIBLE_ROOM_VERSION',
    'M_INVALID_PARAM',
    'M_MISSING_PARAM',
    'M_NOT_FOUND',
  ],
  async handle({ origin, params, query }, { handshake }) {
    const request = { origin, ...params, membership: 'knock', versions: query.ver } as const;
    return { ...(await makeTemplate(handshake.serving, request)) };
  },
});

const sendKnock = serverEndpoint({
  operationId: 'sendKnock',
  summary: 'Let a user of another server knock',
  spec,
  method: 'PUT',
  paths: ['/_matrix/federation/v1/send_knock/{roomId}/{eventId}'],
  authentication: 'server',
  body: Type.Unknown(),
  bodyAs: 'bytes',
  bodyBytesMax: memberBytesMax,
  errcodes: ['M_FORBIDDEN', 'M_INVALID_PARAM', 'M_NOT_FOUND', 'M_TOO_LARGE'],
  async handle({ origin, params, body }, { handshake }) {
    const sent = { origin, ...params, pdu: body.toString('utf8'), membership: 'knock' } as const;
    const { room } = await acceptMember(handshake, sent);
    const texts = await knockState(handshake.serving, room);
    return new JsonText(`{"knock_room_state":[${texts.join(',')}]}`);
  },
});

export const knockEndpoints = [makeKnock, sendKnock];
