import { Type } from 'typebox';

import { guestAccessForbidden } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { readRoomEvent } from '../rooms/read-state.ts';
import { followEvents } from '../sync/follow-events.ts';
import { initialSync } from '../sync/initial-sync.ts';
import { roomInitialSync } from '../sync/room-initial-sync.ts';
import { whileFollowing } from './presence.ts';
import { viewerOf } from './room-reading.ts';
import { clientEndpoint } from './services.ts';

const described = {
  spec: 'Room participation',
  method: 'GET',
  authentication: 'required',
  deprecated: true,
} as const;

const Limit = Type.Integer({ default: 10, minimum: 0 });

const getInitialSync = clientEndpoint({
  ...described,
  operationId: 'initialSync',
  summary: "Get the user's current state, rooms with their last messages included",
  paths: clientPaths('/initialSync', { apiV1: true }),
  query: Type.Object({ limit: Limit, archived: Type.Boolean({ default: false }) }),
  errcodes: [],
  handle: ({ query, requester }, { sync }) =>
    initialSync(sync, { viewer: viewerOf(requester), ...query }),
});

const getRoomInitialSync = clientEndpoint({
  ...described,
  operationId: 'roomInitialSync',
  summary: 'Snapshot the current state of a room and its most recent messages',
  paths: clientPaths('/rooms/{roomId}/initialSync', { apiV1: true }),
  guests: true,
  deprecated: false,
  query: Type.Object({ limit: Limit }),
  errcodes: [],
  handle: ({ params: { roomId }, query: { limit }, requester }, { sync }) =>
    roomInitialSync(sync, { viewer: viewerOf(requester), roomId, limit }),
});

const getEvents = clientEndpoint({
  ...described,
  operationId: 'getEvents',
  summary: 'Listen on the event stream, or on that of one room',
  paths: clientPaths('/events', { apiV1: true }),
  guests: true,
  query: Type.Object({
    from: Type.Optional(Type.String()),
    timeout: Type.Integer({ default: 30_000, minimum: 0 }),
    room_id: Type.Optional(Type.String()),
  }),
  errcodes: [],
  handle: async ({ query, requester, signal }, services) => {
    // Guests may peek, and follow nothing else.
    if (requester.isGuest && query.room_id === undefined) throw guestAccessForbidden();
    const state = query.room_id === undefined ? 'online' : 'offline';
    return whileFollowing(services, requester, state, () =>
      followEvents(services.sync, {
        viewer: viewerOf(requester),
        // Clients from before r0 name the present by this word.
        from: query.from === 'END' ? undefined : query.from,
        timeoutMs: query.timeout,
        roomId: query.room_id,
        signal,
      }),
    );
  },
});

const getOneEvent = clientEndpoint({
  ...described,
  operationId: 'getOneEvent',
  summary: 'Get a single event by its ID, whichever room it is of',
  paths: clientPaths('/events/{eventId}', { apiV1: true }),
  errcodes: [],
  handle: ({ params, requester }, { rooms }) =>
    readRoomEvent(rooms, viewerOf(requester), undefined, params.eventId),
});

export const oldSyncEndpoints = [getInitialSync, getRoomInitialSync, getEvents, getOneEvent];
