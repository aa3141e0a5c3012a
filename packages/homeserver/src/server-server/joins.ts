import { Type } from 'typebox';

import { acceptMember } from '../federation/handshake/accept-member.ts';
import { joinAnswer } from '../federation/handshake/join-answer.ts';
import { makeTemplate } from '../federation/handshake/make-template.ts';
import { findAskedRoom } from '../federation/serving/admit-server.ts';
import { memberBytesMax, versionsMax } from '../federation/serving/limits.ts';
import { JsonStream } from '../http/response.ts';
import { serverEndpoint } from './services.ts';
import type { ServerServices } from './services.ts';

const spec = 'Joining rooms';
const errcodes = [
  'M_FORBIDDEN',
  'M_INVALID_PARAM',
  'M_NOT_FOUND',
  'M_TOO_LARGE',
  'M_UNABLE_TO_AUTHORISE_JOIN',
  'M_UNABLE_TO_GRANT_JOIN',
] as const;

const makeJoin = serverEndpoint({
  operationId: 'makeJoin',
  summary: 'What a server needs to make a join event',
  spec,
  method: 'GET',
  paths: ['/_matrix/federation/v1/make_join/{roomId}/{userId}'],
  authentication: 'server',
  query: Type.Object({
    ver: Type.Array(Type.String(), { maxItems: versionsMax, default: ['1'] }),
  }),
  errcodes: [...errcodes, 'M_INCOMPATIBLE_ROOM_VERSION'],
  async handle({ origin, params, query }, services) {
    checkRate(services, params.roomId);
    const { roomId, userId } = params;
    const request = { origin, roomId, userId, membership: 'join', versions: query.ver } as const;
    return { ...(await makeTemplate(services.handshake.serving, request)) };
  },
});

const sendJoinV1 = serverEndpoint({
  operationId: 'sendJoinV1',
  summary: 'Join a user of another server, in the form of old servers',
  spec,
  method: 'PUT',
  paths: ['/_matrix/federation/v1/send_join/{roomId}/{eventId}'],
  authentication: 'server',
  body: Type.Unknown(),
  bodyAs: 'bytes',
  bodyBytesMax: memberBytesMax,
  errcodes,
  deprecated: true,
  async handle({ origin, params, body }, services) {
    const sent = { origin, ...params, pdu: body.toString('utf8') };
    return new JsonStream(inPair(await acceptJoin(services, sent, false)));
  },
});

const sendJoinV2 = serverEndpoint({
  operationId: 'sendJoinV2',
  summary: 'Join a user of another server',
  spec,
  method: 'PUT',
  paths: ['/_matrix/federation/v2/send_join/{roomId}/{eventId}'],
  authentication: 'server',
  query: Type.Object({ omit_members: Type.Boolean({ default: false }) }),
  body: Type.Unknown(),
  bodyAs: 'bytes',
  bodyBytesMax: memberBytesMax,
  errcodes,
  async handle({ origin, params, query, body }, services) {
    const sent = { origin, ...params, pdu: body.toString('utf8') };
    return new JsonStream(await acceptJoin(services, sent, query.omit_members));
  },
});

async function acceptJoin(
  services: ServerServices,
  sent: Omit<Parameters<typeof acceptMember>[1], 'membership'>,
  omitMembers: boolean,
): Promise<AsyncIterable<string>> {
  const { handshake, rateLimits } = services;
  const { serving } = handshake;
  checkRate(services, sent.roomId);
  const { roomNid } = await findAskedRoom(serving, sent.origin, sent.roomId);
  const serversBefore = (await serving.roomServers.of(roomNid)).joined();
  const accepted = await acceptMember(handshake, { ...sent, membership: 'join' });
  rateLimits.rc_joins_per_room.record(sent.roomId);
  return joinAnswer(serving, accepted, { omitMembers, serversBefore });
}

/** Joins of other servers' users count against the room's limit as those of this server's do. */
function checkRate({ rateLimits }: ServerServices, roomId: string): void {
  rateLimits.rc_joins_per_room.check(roomId, undefined, { counts: false });
}

/** Version 1 of the endpoints answers with a list of status and body. */
async function* inPair(body: AsyncIterable<string>): AsyncGenerator<string> {
  yield '[200,';
  yield* body;
  yield ']';
}

export const joinEndpoints = [makeJoin, sendJoinV1, sendJoinV2];
