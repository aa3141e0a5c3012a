import { Type } from 'typebox';

import { parseRoomEventFilter } from '@soma/protocol';
import type { RoomEventFilter } from '@soma/protocol';

import { badRequest, invalidParam } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { searchEvents } from '../search/search-events.ts';
import { searchUsers } from '../search/search-users.ts';
import { optional } from './body-fields.ts';
import { viewerOf } from './room-reading.ts';
import { clientEndpoint } from './services.ts';

const KEYS = ['content.body', 'content.name', 'content.topic'] as const;
const CONTEXT_DEFAULT = 5;

const ContextLimit = Type.Optional(Type.Integer({ minimum: 0 }));

const RoomEvents = Type.Object({
  search_term: Type.String(),
  keys: Type.Optional(Type.Array(Type.Enum([...KEYS]))),
  filter: Type.Optional(Type.Unsafe<unknown>(Type.Object({}))),
  order_by: Type.Optional(Type.Enum(['recent', 'rank'])),
  event_context: Type.Optional(
    Type.Object({
      before_limit: ContextLimit,
      after_limit: ContextLimit,
      include_profile: Type.Optional(Type.Boolean()),
    }),
  ),
  include_state: Type.Optional(Type.Boolean()),
  groupings: Type.Optional(
    Type.Object({
      group_by: Type.Optional(
        Type.Array(Type.Object({ key: Type.Optional(Type.Enum(['room_id', 'sender'])) })),
      ),
    }),
  ),
});

type RoomEvents = Type.Static<typeof RoomEvents>;

function contextOf({ event_context: wanted }: RoomEvents) {
  if (wanted === undefined) return undefined;
  return {
    before: wanted.before_limit ?? CONTEXT_DEFAULT,
    after: wanted.after_limit ?? CONTEXT_DEFAULT,
    includeProfile: wanted.include_profile ?? false,
  };
}

function filterOf({ filter = {} }: RoomEvents): RoomEventFilter {
  const parsed = parseRoomEventFilter(filter);
  if (!parsed.ok) throw invalidParam(`filter: ${parsed.path} ${parsed.reason}`);
  return parsed.filter;
}

const searchForEvents = clientEndpoint({
  operationId: 'search',
  summary: 'Search the messages of the rooms that the user is in',
  spec: 'Server side search',
  method: 'POST',
  paths: clientPaths('/search', { apiV1: true }),
  authentication: 'required',
  query: Type.Object({ next_batch: Type.Optional(Type.String()) }),
  body: Type.Object({
    search_categories: Type.Object({ room_events: Type.Optional(RoomEvents) }),
  }),
  errcodes: ['M_INVALID_PARAM'],
  handle: async ({ query, body, requester }, { search }) => {
    if (search === undefined) throw badRequest('Search is disabled on this server');
    const { room_events: wanted } = body.search_categories;
    if (wanted === undefined) return { search_categories: {} };
    const found = await searchEvents(search, {
      viewer: viewerOf(requester),
      term: wanted.search_term,
      keys: wanted.keys ?? KEYS,
      filter: filterOf(wanted),
      orderBy: wanted.order_by ?? 'rank',
      context: contextOf(wanted),
      includeState: wanted.include_state ?? false,
      groupBy: (wanted.groupings?.group_by ?? []).flatMap(({ key }) => key ?? []),
      from: query.next_batch,
    });
    return { search_categories: { room_events: found } };
  },
});

const USERS_DEFAULT = 10;

const searchForUsers = clientEndpoint({
  operationId: 'searchUserDirectory',
  summary: 'Search for users by their name or ID',
  spec: 'User directory',
  method: 'POST',
  paths: clientPaths('/user_directory/search'),
  authentication: 'required',
  rateLimit: 'rc_user_directory',
  body: Type.Object({
    search_term: Type.String(),
    limit: optional(Type.Integer({ minimum: 0 })),
  }),
  errcodes: [],
  handle: ({ body, requester }, { userDirectory }) =>
    searchUsers(userDirectory, requester.userNid, body.search_term, body.limit ?? USERS_DEFAULT),
});

export const searchEndpoints = [searchForEvents, searchForUsers];
