import { Type } from 'typebox';

import { backfill } from '../federation/serving/backfill.ts';
import { eventAtTime } from '../federation/serving/event-at-time.ts';
import { namedEventsMax } from '../federation/serving/limits.ts';
import { missingEvents } from '../federation/serving/missing-events.ts';
import { singleEvent } from '../federation/serving/single-event.ts';
import { JsonText } from '../http/response.ts';
import { serverEndpoint } from './services.ts';
import { slashed } from './slashed.ts';

const EventIds = Type.Array(Type.String(), { maxItems: namedEventsMax });

const backfillRoom = serverEndpoint({
  operationId: 'backfillRoom',
  summary: 'Events of a room, and what came before them',
  spec: 'Backfilling and retrieving missing events',
  method: 'GET',
  paths: slashed('/_matrix/federation/v1/backfill/{roomId}'),
  authentication: 'server',
  query: Type.Object({ v: EventIds, limit: Type.Integer({ minimum: 1 }) }),
  errcodes: ['M_FORBIDDEN', 'M_INVALID_PARAM', 'M_MISSING_PARAM', 'M_NOT_FOUND'],
  async handle({ origin, params, query }, { serving }) {
    const request = { origin, roomId: params.roomId, eventIds: query.v, limit: query.limit };
    return transaction(serving.rooms.serverName, await backfill(serving, request));
  },
});

const getMissingPreviousEvents = serverEndpoint({
  operationId: 'getMissingPreviousEvents',
  summary: 'Events between those that a server has and those that it was sent',
  spec: 'Backfilling and retrieving missing events',
  method: 'POST',
  paths: ['/_matrix/federation/v1/get_missing_events/{roomId}'],
  authentication: 'server',
  body: Type.Object({
    earliest_events: Type.Array(Type.String()),
    latest_events: EventIds,
    limit: Type.Optional(Type.Integer({ minimum: 0 })),
    min_depth: Type.Optional(Type.Integer()),
  }),
  errcodes: ['M_FORBIDDEN', 'M_BAD_JSON', 'M_MISSING_PARAM', 'M_NOT_FOUND'],
  async handle({ origin, params, body }, { serving }) {
    const events = await missingEvents(serving, {
      origin,
      roomId: params.roomId,
      earliest: body.earliest_events,
      latest: body.latest_events,
      limit: body.limit ?? 10,
      minDepth: body.min_depth ?? 0,
    });
    return new JsonText(`{"events":[${events.join(',')}]}`);
  },
});

const getEvent = serverEndpoint({
  operationId: 'getEvent',
  summary: 'One event',
  spec: 'Retrieving events',
  method: 'GET',
  paths: slashed('/_matrix/federation/v1/event/{eventId}'),
  authentication: 'server',
  errcodes: ['M_FORBIDDEN', 'M_NOT_FOUND'],
  async handle({ origin, params }, { serving }) {
    const event = await singleEvent(serving, origin, params.eventId);
    return transaction(serving.rooms.serverName, [event]);
  },
});

const getEventByTimestamp = serverEndpoint({
  operationId: 'getFederationEventByTimestamp',
  summary: 'The event of a room that is closest to a time',
  spec: 'Retrieving events',
  method: 'GET',
  paths: ['/_matrix/federation/v1/timestamp_to_event/{roomId}'],
  authentication: 'server',
  query: Type.Object({
    ts: Type.Integer(),
    dir: Type.Union([Type.Literal('f'), Type.Literal('b')]),
  }),
  responses: {
    200: Type.Object({ event_id: Type.String(), origin_server_ts: Type.Integer() }),
  },
  errcodes: ['M_FORBIDDEN', 'M_INVALID_PARAM', 'M_MISSING_PARAM', 'M_NOT_FOUND'],
  handle: ({ origin, params, query }, { serving }) =>
    eventAtTime(serving, {
      origin,
      roomId: params.roomId,
      timestampMs: query.ts,
      direction: query.dir,
    }),
});

/** Events in the form of a transaction (SS API, "Transactions"). */
function transaction(serverName: string, pdus: readonly string[]): JsonText {
  const origin = JSON.stringify(serverName);
  return new JsonText(
    `{"origin":${origin},"origin_server_ts":${Date.now()},"pdus":[${pdus.join(',')}]}`,
  );
}

export const roomHistoryEndpoints = [
  backfillRoom,
  getMissingPreviousEvents,
  getEvent,
  getEventByTimestamp,
];
