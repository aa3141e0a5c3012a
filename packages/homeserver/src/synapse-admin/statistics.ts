import { Type } from 'typebox';

import { invalidParam } from '../errors/matrix-error.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { readUsage, usageOrders } from '../media/statistics-store.ts';
import { largestRooms } from '../rooms/largest-rooms.ts';
import { Direction, nextToken, oneOfTexts, pageParameters } from './page-query.ts';
import { adminEndpoint } from './services.ts';
import type { AdminServices } from './services.ts';

const spec = 'Synapse admin API: statistics';
const base = '/_synapse/admin/v1/statistics';

const getUserMediaStatistics = adminEndpoint({
  operationId: 'getUserMediaStatistics',
  summary: 'How much each user has uploaded',
  spec,
  method: 'GET',
  paths: [`${base}/users/media`],
  authentication: 'admin',
  query: Type.Object({
    ...pageParameters,
    order_by: Type.Union(oneOfTexts(usageOrders).anyOf, { default: 'user_id' }),
    dir: Type.Union(Direction.anyOf, { default: 'f' }),
    from_ts: Type.Integer({ minimum: 0, default: 0 }),
    until_ts: Type.Optional(Type.Integer({ minimum: 0 })),
    search_term: Type.Optional(Type.String({ minLength: 1 })),
  }),
  errcodes: ['M_INVALID_PARAM'],
  async handle({ query }, { media }) {
    const { from, limit, order_by: order, from_ts: fromTs, until_ts: untilTs } = query;
    if (untilTs !== undefined && untilTs <= fromTs) {
      throw invalidParam('until_ts must be greater than from_ts');
    }
    const isDescending = query.dir === 'b';
    const searchTerm = query.search_term;
    const wanted = { from, limit, order, isDescending, fromTs, untilTs, searchTerm };
    const { users, total } = await readUsage(media.database.reader, wanted);
    return {
      users: users.map(({ userId, displayName, count, bytes }) => ({
        user_id: userId,
        displayname: displayName ?? null,
        media_count: count,
        media_length: bytes,
      })),
      total,
      ...nextToken(query, users.length, total),
    };
  },
});

const getLargestRooms = adminEndpoint({
  operationId: 'getLargestRooms',
  summary: 'The rooms whose events take most of the database',
  spec,
  method: 'GET',
  paths: [`${base}/database/rooms`],
  authentication: 'admin',
  errcodes: [],
  async handle(_request, { rooms }) {
    const largest = await largestRooms(rooms);
    return {
      rooms: largest.map(({ roomId, bytes }) => ({ room_id: roomId, estimated_size: bytes })),
    };
  },
});

export const statisticsEndpoints: readonly Endpoint<AdminServices>[] = [
  getUserMediaStatistics,
  getLargestRooms,
];
