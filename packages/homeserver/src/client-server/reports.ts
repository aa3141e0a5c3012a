import { Type } from 'typebox';

import { clientPaths } from '../http/endpoint.ts';
import { reportEvent, reportRoom, reportUser } from '../moderation/report-content.ts';
import { viewerOf } from './room-reading.ts';
import { clientEndpoint } from './services.ts';

const Empty = Type.Object({});
/** Somebody has to read it. */
const Reason = Type.String({ maxLength: 10_000 });

const shared = {
  spec: 'Reporting content',
  method: 'POST',
  authentication: 'required',
  rateLimit: 'rc_reports',
  responses: { 200: Empty },
  errcodes: ['M_NOT_FOUND'],
} as const;

const report = clientEndpoint({
  ...shared,
  operationId: 'reportEvent',
  summary: 'Report an event to those who run the server',
  paths: clientPaths('/rooms/{roomId}/report/{eventId}'),
  // Clients from before v1.18 say how bad it is; some send null for what they do not say.
  body: Type.Object({
    reason: Type.Optional(Type.Union([Reason, Type.Null()])),
    score: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  }),
  handle: async ({ params, body, requester }, { rooms }) => {
    const { roomId, eventId } = params;
    const said = { reason: body.reason ?? undefined, score: body.score ?? undefined };
    await reportEvent(rooms, viewerOf(requester), roomId, eventId, said);
    return {};
  },
});

const reportOfRoom = clientEndpoint({
  ...shared,
  operationId: 'reportRoom',
  summary: 'Report a room to those who run the server',
  paths: [
    ...clientPaths('/rooms/{roomId}/report'),
    '/_matrix/client/unstable/org.matrix.msc4151/rooms/{roomId}/report',
  ],
  body: Type.Object({ reason: Reason }),
  handle: async ({ params, body, requester }, { rooms }) => {
    await reportRoom(rooms, viewerOf(requester), params.roomId, body.reason);
    return {};
  },
});

const reportOfUser = clientEndpoint({
  ...shared,
  operationId: 'reportUser',
  summary: 'Report a user to those who run the server',
  paths: [
    ...clientPaths('/users/{userId}/report'),
    '/_matrix/client/unstable/org.matrix.msc4260/users/{userId}/report',
  ],
  body: Type.Object({ reason: Reason }),
  handle: async ({ params, body, requester }, { rooms }) => {
    await reportUser(rooms, viewerOf(requester), params.userId, body.reason);
    return {};
  },
});

export const reportEndpoints = [report, reportOfRoom, reportOfUser];
