import { Type } from 'typebox';

import { badRequest, notFound } from '../errors/matrix-error.ts';
import {
  destinationOrders,
  readDestination,
  readDestinations,
  readRoomsOfDestination,
} from '../federation-sender/destination-listing-store.ts';
import type { DestinationStatus } from '../federation-sender/destination-listing-store.ts';
import type { Endpoint } from '../http/endpoint.ts';
import type { Reader } from '../storage/sql.ts';
import { Direction, nextToken, oneOfTexts, pageParameters } from './page-query.ts';
import { adminEndpoint } from './services.ts';
import type { AdminServices } from './services.ts';

const spec = 'Synapse admin API: federation';
const base = '/_synapse/admin/v1/federation/destinations';
const dir = Type.Union(Direction.anyOf, { default: 'f' });

const listDestinations = adminEndpoint({
  operationId: 'adminListDestinations',
  summary: 'List the servers that this one sends to, and how it stands with them',
  spec,
  method: 'GET',
  paths: [base],
  authentication: 'admin',
  query: Type.Object({
    ...pageParameters,
    destination: Type.Optional(Type.String()),
    order_by: Type.Union(oneOfTexts(destinationOrders).anyOf, { default: 'destination' }),
    dir,
  }),
  errcodes: ['M_INVALID_PARAM'],
  async handle({ query }, { rooms }) {
    const { from, limit, order_by: order, destination: namePart = '' } = query;
    const wanted = { from, limit, order, namePart, isDescending: query.dir === 'b' };
    const { destinations, total } = await readDestinations(rooms.database.reader, wanted);
    return {
      destinations: destinations.map(toJson),
      total,
      ...textToken(query, destinations.length, total),
    };
  },
});

const getDestination = adminEndpoint({
  operationId: 'adminGetDestination',
  summary: 'Show how it stands with another server',
  spec,
  method: 'GET',
  paths: [`${base}/{destination}`],
  authentication: 'admin',
  errcodes: ['M_NOT_FOUND'],
  handle: async ({ params }, { rooms }) =>
    toJson(await knownDestination(rooms.database.reader, params.destination)),
});

const listRoomsOfDestination = adminEndpoint({
  operationId: 'adminListRoomsOfDestination',
  summary: 'List the rooms of which another server is sent something',
  spec,
  method: 'GET',
  paths: [`${base}/{destination}/rooms`],
  authentication: 'admin',
  query: Type.Object({ ...pageParameters, dir }),
  errcodes: ['M_INVALID_PARAM', 'M_NOT_FOUND'],
  async handle({ params, query }, { rooms }) {
    const { reader } = rooms.database;
    const { serverName } = await knownDestination(reader, params.destination);
    const page = { from: query.from, limit: query.limit, isDescending: query.dir === 'b' };
    const found = await readRoomsOfDestination(reader, serverName, page);
    return {
      rooms: found.rooms.map(({ roomId, lastOrder }) => ({
        room_id: roomId,
        stream_ordering: lastOrder,
      })),
      total: found.total,
      ...textToken(query, found.rooms.length, found.total),
    };
  },
});

const resetConnection = adminEndpoint({
  operationId: 'adminResetConnection',
  summary: 'Ask a server at once that is left alone because it failed',
  spec,
  method: 'POST',
  paths: [`${base}/{destination}/reset_connection`],
  authentication: 'admin',
  body: Type.Object({}),
  bodyOptional: true,
  errcodes: ['M_NOT_FOUND', 'M_UNKNOWN'],
  async handle({ params }, { rooms, destinations }) {
    const { serverName } = await knownDestination(rooms.database.reader, params.destination);
    if ((await destinations.failureOf(serverName)) === undefined) {
      throw badRequest('The retry timing does not need to be reset for this destination.');
    }
    await destinations.forgive(serverName);
    return {};
  },
});

export const destinationEndpoints: readonly Endpoint<AdminServices>[] = [
  listDestinations,
  getDestination,
  listRoomsOfDestination,
  resetConnection,
];

async function knownDestination(reader: Reader, serverName: string): Promise<DestinationStatus> {
  const found = await readDestination(reader, serverName);
  if (found === undefined) throw notFound('Unknown destination');
  return found;
}

function toJson(status: DestinationStatus): object {
  return {
    destination: status.serverName,
    retry_last_ts: status.lastTriedTs,
    retry_interval: status.retryIntervalMs,
    failure_ts: status.failingSinceTs ?? null,
    last_successful_stream_ordering: status.sentPosition ?? null,
  };
}

/** Here, unlike elsewhere, Synapse writes it as a text. */
function textToken(...page: Parameters<typeof nextToken>): { next_token?: string } {
  const { next_token: token } = nextToken(...page);
  return token === undefined ? {} : { next_token: String(token) };
}
