import { Type } from 'typebox';

import type { JsonObject } from '@soma/protocol';

import { invalidParam } from '../errors/matrix-error.ts';
import { readSubscriptionsChanged } from '../rooms/relations/thread-subscription-store.ts';
import type { SubscribedThread } from '../rooms/relations/thread-subscription-store.ts';
import {
  findThreadSubscription,
  subscribeToThread,
  unsubscribeFromThread,
} from '../rooms/relations/thread-subscriptions.ts';
import { readAt } from '../storage/database.ts';
import { viewerOf } from './room-reading.ts';
import { clientEndpoint } from './services.ts';

const unstable = '/_matrix/client/unstable';
const shared = {
  spec: 'MSC4306: thread subscriptions',
  paths: [`${unstable}/io.element.msc4306/rooms/{roomId}/thread/{rootId}/subscription`],
  authentication: 'required',
  errcodes: ['M_NOT_FOUND'],
} as const;

const getSubscription = clientEndpoint({
  ...shared,
  operationId: 'getThreadSubscription',
  summary: 'Whether the user follows a thread',
  method: 'GET',
  handle: async ({ params, requester }, { rooms }) => {
    const found = await findThreadSubscription(rooms, viewerOf(requester), params);
    return { automatic: found.isAutomatic };
  },
});

const putSubscription = clientEndpoint({
  ...shared,
  operationId: 'putThreadSubscription',
  summary: 'Follow a thread',
  method: 'PUT',
  body: Type.Object({ automatic: Type.Optional(Type.String()) }),
  errcodes: [
    'M_NOT_FOUND',
    'IO.ELEMENT.MSC4306.M_NOT_IN_THREAD',
    'IO.ELEMENT.MSC4306.M_CONFLICTING_UNSUBSCRIPTION',
  ],
  handle: async ({ params, body, requester }, { rooms }) => {
    await subscribeToThread(rooms, viewerOf(requester), params, body.automatic);
    return {};
  },
});

const deleteSubscription = clientEndpoint({
  ...shared,
  operationId: 'deleteThreadSubscription',
  summary: 'Follow a thread no longer',
  method: 'DELETE',
  handle: async ({ params, requester }, { rooms }) => {
    await unsubscribeFromThread(rooms, viewerOf(requester), params);
    return {};
  },
});

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 512;
const TOKEN = /^ts(\d{1,15})$/;

function positionOf(name: string, token: string): number {
  const [, position] = TOKEN.exec(token) ?? [];
  if (position === undefined) throw invalidParam(`${name} is not a token of this list`);
  return Number(position);
}

const listSubscriptions = clientEndpoint({
  operationId: 'listThreadSubscriptions',
  summary: 'List the threads that the user follows, those that changed last first',
  spec: 'MSC4308: thread subscriptions',
  method: 'GET',
  paths: [`${unstable}/io.element.msc4308/thread_subscriptions`],
  authentication: 'required',
  query: Type.Object({
    dir: Type.Enum(['b']),
    from: Type.Optional(Type.String()),
    to: Type.Optional(Type.String()),
    limit: Type.Integer({ minimum: 1, default: LIMIT_DEFAULT }),
  }),
  errcodes: ['M_INVALID_PARAM'],
  handle: ({ query, requester }, { rooms }) => {
    const above = query.to === undefined ? 0 : positionOf('to', query.to);
    const from = query.from === undefined ? undefined : positionOf('from', query.from);
    const limit = Math.min(query.limit, LIMIT_MAX);
    return readAt(rooms.database, async (reader, position) => {
      const { userNid } = requester;
      const upTo = from ?? position;
      const found = await readSubscriptionsChanged(reader, userNid, above, upTo, limit);
      const last = found.at(-1);
      return {
        ...subscriptionsJson(found),
        ...(last === undefined || found.length < limit ? {} : { end: `ts${last.position - 1}` }),
      };
    });
  },
});

function subscriptionsJson(threads: readonly SubscribedThread[]): JsonObject {
  const json: Record<string, Record<string, Record<string, JsonObject>>> = {};
  for (const { roomId, rootId, isSubscribed, isAutomatic, position } of threads) {
    const rooms = (json[isSubscribed ? 'subscribed' : 'unsubscribed'] ??= {});
    const automatic = isSubscribed ? { automatic: isAutomatic } : {};
    (rooms[roomId] ??= {})[rootId] = { ...automatic, bump_stamp: position };
  }
  return json;
}

export const threadSubscriptionEndpoints = [
  getSubscription,
  putSubscription,
  deleteSubscription,
  listSubscriptions,
];
