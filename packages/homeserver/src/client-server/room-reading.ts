import { Type } from 'typebox';

import { isJsonObject, parseRoomEventFilter } from '@soma/protocol';
import type { JsonObject, RoomEventFilter } from '@soma/protocol';

import { forbidden, invalidParam } from '../errors/matrix-error.ts';
import { findEventFurther } from '../federation/history/find-event-further.ts';
import { readContextFurther } from '../federation/history/read-context-further.ts';
import { readMessagesFurther } from '../federation/history/read-messages-further.ts';
import { clientPaths, v1Paths } from '../http/endpoint.ts';
import type { Requester } from '../http/endpoint.ts';
import { readMembersOfRoom } from '../membership/membership-store.ts';
import { readMembers, readRoomEvent, readState, readStateEvent } from '../rooms/read-state.ts';
import type { Viewer } from '../rooms/viewer.ts';
import { clientEndpoint } from './services.ts';

/** On whose behalf the room domain reads. */
export function viewerOf({ userId, userNid, deviceNid }: Requester): Viewer {
  return { userId, userNid, deviceNid };
}

const Limit = Type.Optional(Type.Integer({ minimum: 0 }));

const messages = clientEndpoint({
  operationId: 'getRoomEvents',
  summary: 'Get a list of events for this room',
  spec: 'Room participation',
  method: 'GET',
  paths: clientPaths('/rooms/{roomId}/messages', { apiV1: true }),
  authentication: 'required',
  guests: true,
  query: Type.Object({
    from: Type.Optional(Type.String()),
    to: Type.Optional(Type.String()),
    dir: Type.Enum(['b', 'f'], { default: 'b' }),
    limit: Limit,
    filter: Type.Optional(Type.String()),
  }),
  errcodes: [],
  handle: ({ params, query, requester }, { rooms, pasts }) => {
    const filter = filterOf(query.filter);
    return readMessagesFurther(rooms, pasts, {
      viewer: viewerOf(requester),
      roomId: params.roomId,
      direction: query.dir,
      // Clients from before r0 name the present by this word.
      from: query.from === 'END' && query.dir === 'b' ? undefined : query.from,
      to: query.to,
      limit: Math.max(1, query.limit ?? filter.limit),
      filter,
    });
  },
});

function filterOf(text: string | undefined): RoomEventFilter {
  let json: unknown = {};
  try {
    if (text !== undefined) json = JSON.parse(text);
  } catch {
    throw invalidParam('filter is not JSON');
  }
  const parsed = parseRoomEventFilter(json);
  if (!parsed.ok) throw invalidParam(`filter: ${parsed.path} ${parsed.reason}`);
  return parsed.filter;
}

const CONTEXT_LIMIT_DEFAULT = 10;
const CONTEXT_LIMIT_MAX = 1_000;

const getContext = clientEndpoint({
  operationId: 'getEventContext',
  summary: 'Get what surrounds an event',
  spec: 'Event context',
  method: 'GET',
  paths: clientPaths('/rooms/{roomId}/context/{eventId}', { apiV1: true }),
  authentication: 'required',
  guests: true,
  query: Type.Object({ limit: Limit, filter: Type.Optional(Type.String()) }),
  errcodes: ['M_INVALID_PARAM'],
  handle: ({ params, query, requester }, { rooms, pasts }) =>
    readContextFurther(rooms, pasts, {
      viewer: viewerOf(requester),
      roomId: params.roomId,
      eventId: params.eventId,
      limit: Math.min(query.limit ?? CONTEXT_LIMIT_DEFAULT, CONTEXT_LIMIT_MAX),
      filter: filterOf(query.filter),
    }),
});

const getEventByTime = clientEndpoint({
  operationId: 'getEventByTimestamp',
  summary: 'Get the event closest to a time',
  spec: 'Room participation',
  method: 'GET',
  paths: [
    ...v1Paths('/rooms/{roomId}/timestamp_to_event'),
    '/_matrix/client/unstable/org.matrix.msc3030/rooms/{roomId}/timestamp_to_event',
  ],
  authentication: 'required',
  query: Type.Object({ ts: Type.Integer(), dir: Type.Enum(['f', 'b']) }),
  responses: {
    200: Type.Object({ event_id: Type.String(), origin_server_ts: Type.Integer() }),
  },
  errcodes: ['M_INVALID_PARAM'],
  handle: ({ params, query, requester }, { rooms, pasts }) =>
    findEventFurther(rooms, pasts, {
      viewer: viewerOf(requester),
      roomId: params.roomId,
      timestampMs: query.ts,
      direction: query.dir,
    }),
});

const getEvent = clientEndpoint({
  operationId: 'getOneRoomEvent',
  summary: 'Get a single event by its ID',
  spec: 'Room participation',
  method: 'GET',
  paths: clientPaths('/rooms/{roomId}/event/{eventId}', { apiV1: true }),
  authentication: 'required',
  guests: true,
  errcodes: ['M_NOT_FOUND'],
  handle: ({ params, requester }, { rooms }) =>
    readRoomEvent(rooms, viewerOf(requester), params.roomId, params.eventId),
});

const getState = clientEndpoint({
  operationId: 'getRoomState',
  summary: 'Get all state events in the current state of a room',
  spec: 'Room participation',
  method: 'GET',
  paths: clientPaths('/rooms/{roomId}/state', { apiV1: true }),
  authentication: 'required',
  guests: true,
  errcodes: [],
  handle: ({ params, requester }, { rooms }) =>
    readState(rooms, viewerOf(requester), params.roomId),
});

const getStateEvent = clientEndpoint({
  operationId: 'getRoomStateWithKey',
  summary: 'Get one state event',
  spec: 'Room participation',
  method: 'GET',
  paths: [
    ...clientPaths('/rooms/{roomId}/state/{eventType}', { apiV1: true }),
    ...clientPaths('/rooms/{roomId}/state/{eventType}/', { apiV1: true }),
    ...clientPaths('/rooms/{roomId}/state/{eventType}/{stateKey}', { apiV1: true }),
  ],
  authentication: 'required',
  guests: true,
  query: Type.Object({ format: Type.Enum(['content', 'event'], { default: 'content' }) }),
  errcodes: ['M_NOT_FOUND'],
  handle: async ({ params, query, requester }, { rooms }) => {
    const { roomId, eventType, stateKey = '' } = params;
    const event = await readStateEvent(rooms, viewerOf(requester), roomId, eventType, stateKey);
    if (query.format === 'event') return event;
    return contentOf(event);
  },
});

function contentOf({ content }: JsonObject): JsonObject {
  return isJsonObject(content) ? content : {};
}

const getMembers = clientEndpoint({
  operationId: 'getMembersByRoom',
  summary: 'Get the member events of a room',
  spec: 'Room participation',
  method: 'GET',
  paths: clientPaths('/rooms/{roomId}/members', { apiV1: true }),
  authentication: 'required',
  guests: true,
  query: Type.Object({
    at: Type.Optional(Type.String()),
    membership: Type.Optional(Type.String()),
    not_membership: Type.Optional(Type.String()),
  }),
  errcodes: [],
  handle: async ({ params, query, requester }, { rooms }) => ({
    chunk: await readMembers(rooms, {
      viewer: viewerOf(requester),
      roomId: params.roomId,
      at: query.at,
      membership: query.membership,
      notMembership: query.not_membership,
    }),
  }),
});

const getJoinedMembers = clientEndpoint({
  operationId: 'getJoinedMembersByRoom',
  summary: 'Get the joined members of a room, with their profiles',
  spec: 'Room participation',
  method: 'GET',
  paths: clientPaths('/rooms/{roomId}/joined_members', { apiV1: true }),
  authentication: 'required',
  errcodes: [],
  handle: async ({ params, requester }, { rooms }) => {
    const { reader } = rooms.database;
    const roomNid = await rooms.names.rooms.find(params.roomId);
    if (roomNid === undefined || !(await rooms.isJoined(reader, requester.userNid, roomNid))) {
      throw forbidden('You are not in this room');
    }
    await rooms.whole.wait(roomNid);
    const joined: Record<string, object> = {};
    for (const member of await readMembersOfRoom(reader, roomNid, 'join')) {
      joined[await rooms.names.users.text(member.userNid)] = {
        ...(member.displayName === undefined ? {} : { display_name: member.displayName }),
        ...(member.avatarUrl === undefined ? {} : { avatar_url: member.avatarUrl }),
      };
    }
    return { joined };
  },
});

export const roomReadingEndpoints = [
  messages,
  getContext,
  getEventByTime,
  getEvent,
  getState,
  getStateEvent,
  getMembers,
  getJoinedMembers,
];
