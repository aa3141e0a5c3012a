import { Type } from 'typebox';

import { clientPaths, v1Paths } from '../http/endpoint.ts';
import { readRelations } from '../rooms/relations/read-relations.ts';
import { readThreads } from '../rooms/relations/read-threads.ts';
import { viewerOf } from './room-reading.ts';
import { clientEndpoint } from './services.ts';

const LIMIT_DEFAULT = 50;

const Limit = Type.Optional(Type.Integer({ minimum: 1 }));

const page = Type.Object({
  from: Type.Optional(Type.String()),
  to: Type.Optional(Type.String()),
  limit: Limit,
  dir: Type.Enum(['b', 'f'], { default: 'b' }),
  recurse: Type.Optional(Type.Boolean()),
  // The name of the proposal, which clients from before v1.10 use.
  'org.matrix.msc3981.recurse': Type.Optional(Type.Boolean()),
});

/** Beside the proposals' names, as Synapse answers them. */
const v1 = { releases: ['v1'] } as const;

const shared = {
  spec: 'Event relationships',
  method: 'GET',
  authentication: 'required',
  query: page,
  errcodes: ['M_NOT_FOUND', 'M_INVALID_PARAM'],
} as const;

interface Question {
  readonly roomId: string;
  readonly eventId: string;
  readonly relType?: string;
  readonly eventType?: string;
}

type PageQuery = Type.Static<typeof page>;

function requestOf(params: Question, query: PageQuery) {
  return {
    roomId: params.roomId,
    eventId: params.eventId,
    relationType: params.relType,
    eventType: params.eventType,
    direction: query.dir,
    from: query.from,
    to: query.to,
    limit: query.limit ?? LIMIT_DEFAULT,
    recurse: query.recurse ?? query['org.matrix.msc3981.recurse'] ?? false,
  };
}

const getRelating = clientEndpoint({
  ...shared,
  operationId: 'getRelatingEvents',
  summary: 'Get what relates to an event',
  paths: clientPaths('/rooms/{roomId}/relations/{eventId}', v1),
  handle: ({ params, query, requester }, { rooms }) =>
    readRelations(rooms, { viewer: viewerOf(requester), ...requestOf(params, query) }),
});

const getRelatingByRelType = clientEndpoint({
  ...shared,
  operationId: 'getRelatingEventsWithRelType',
  summary: 'Get what relates to an event in one way',
  paths: clientPaths('/rooms/{roomId}/relations/{eventId}/{relType}', v1),
  handle: ({ params, query, requester }, { rooms }) =>
    readRelations(rooms, { viewer: viewerOf(requester), ...requestOf(params, query) }),
});

const getRelatingByEventType = clientEndpoint({
  ...shared,
  operationId: 'getRelatingEventsWithRelTypeAndEventType',
  summary: 'Get events of one type that relate to an event in one way',
  paths: clientPaths('/rooms/{roomId}/relations/{eventId}/{relType}/{eventType}', v1),
  handle: ({ params, query, requester }, { rooms }) =>
    readRelations(rooms, { viewer: viewerOf(requester), ...requestOf(params, query) }),
});

const THREADS_DEFAULT = 10;

const getThreads = clientEndpoint({
  operationId: 'getThreadRoots',
  summary: 'Get the roots of the threads in a room',
  spec: 'Threads',
  method: 'GET',
  paths: [
    ...v1Paths('/rooms/{roomId}/threads'),
    '/_matrix/client/unstable/org.matrix.msc3856/rooms/{roomId}/threads',
  ],
  authentication: 'required',
  query: Type.Object({
    include: Type.Enum(['all', 'participated'], { default: 'all' }),
    from: Type.Optional(Type.String()),
    limit: Limit,
  }),
  errcodes: ['M_INVALID_PARAM'],
  handle: ({ params, query, requester }, { rooms }) =>
    readThreads(rooms, {
      viewer: viewerOf(requester),
      roomId: params.roomId,
      include: query.include,
      from: query.from,
      limit: query.limit ?? THREADS_DEFAULT,
    }),
});

export const relationEndpoints = [
  getRelating,
  getRelatingByRelType,
  getRelatingByEventType,
  getThreads,
];
