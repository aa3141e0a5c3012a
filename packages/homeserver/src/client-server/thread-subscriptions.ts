import { Type } from 'typebox';

import {
  parseSubscriptionsToken,
  readSubscriptionsPage,
  SUBSCRIPTIONS_DEFAULT,
} from '../rooms/relations/thread-subscriptions-page.ts';
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
    limit: Type.Integer({ minimum: 1, default: SUBSCRIPTIONS_DEFAULT }),
  }),
  errcodes: ['M_INVALID_PARAM'],
  handle: ({ query, requester }, { rooms }) => {
    const { from, to, limit } = query;
    const above = to === undefined ? 0 : parseSubscriptionsToken('to', to);
    const below = from === undefined ? undefined : parseSubscriptionsToken('from', from);
    return readAt(rooms.database, async (reader, position) => {
      const range = { above, upTo: below ?? position, limit };
      const { json, older } = await readSubscriptionsPage(reader, requester.userNid, range);
      return { ...json, ...(older === undefined ? {} : { end: older }) };
    });
  },
});

export const threadSubscriptionEndpoints = [
  getSubscription,
  putSubscription,
  deleteSubscription,
  listSubscriptions,
];
