import { Type } from 'typebox';

import { clientPaths } from '../http/endpoint.ts';
import { readNotifications } from '../push/read-notifications.ts';
import { viewerOf } from './room-reading.ts';
import { clientEndpoint } from './services.ts';

const LIMIT_DEFAULT = 20;

const getNotifications = clientEndpoint({
  operationId: 'getNotifications',
  summary: 'Get the events of which the user was notified',
  spec: 'Push notifications',
  method: 'GET',
  paths: clientPaths('/notifications'),
  authentication: 'required',
  query: Type.Object({
    from: Type.Optional(Type.String()),
    limit: Type.Integer({ minimum: 1, default: LIMIT_DEFAULT }),
    only: Type.Optional(Type.String()),
  }),
  errcodes: ['M_INVALID_PARAM'],
  handle: ({ query, requester }, { pushRules }) =>
    readNotifications(pushRules, {
      viewer: viewerOf(requester),
      from: query.from,
      limit: query.limit,
      only: query.only === 'highlight' ? 'highlight' : 'all',
    }),
});

export const notificationEndpoints = [getNotifications];
