import { Type } from 'typebox';

import type { JsonObject } from '@soma/protocol';

import { notFound } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { reply } from '../http/response.ts';
import { clientEndpoint } from './services.ts';

const described = {
  spec: 'Third-party networks',
  method: 'GET',
  authentication: 'required',
  errcodes: ['M_NOT_FOUND'],
} as const;

const getProtocols = clientEndpoint({
  ...described,
  operationId: 'getProtocols',
  summary: 'The protocols of other networks that can be used',
  paths: clientPaths('/thirdparty/protocols'),
  handle: (_request, { bridges }) => bridges.networks.protocols(),
});

const getProtocol = clientEndpoint({
  ...described,
  operationId: 'getProtocolMetadata',
  summary: 'A protocol of other networks',
  paths: clientPaths('/thirdparty/protocol/{protocol}'),
  handle: async ({ params }, { bridges }) => {
    const protocol = await bridges.networks.protocol(params.protocol);
    if (protocol === undefined) throw notFound('No application service has this protocol');
    return protocol;
  },
});

const findLocations = clientEndpoint({
  ...described,
  operationId: 'queryLocationByProtocol',
  summary: 'Rooms that stand for a place of another network',
  paths: clientPaths('/thirdparty/location/{protocol}'),
  handle: async ({ params, target }, { bridges }) =>
    listOf(await bridges.networks.lookUp('location', fieldsIn(target), params.protocol)),
});

const findUsers = clientEndpoint({
  ...described,
  operationId: 'queryUserByProtocol',
  summary: 'Users that stand for somebody of another network',
  paths: clientPaths('/thirdparty/user/{protocol}'),
  handle: async ({ params, target }, { bridges }) =>
    listOf(await bridges.networks.lookUp('user', fieldsIn(target), params.protocol)),
});

const findLocationsOfAlias = clientEndpoint({
  ...described,
  operationId: 'queryLocationByAlias',
  summary: 'The places of other networks that a room stands for',
  paths: clientPaths('/thirdparty/location'),
  query: Type.Object({ alias: Type.String() }),
  handle: async ({ query }, { bridges }) =>
    listOf(await bridges.networks.lookUp('location', { alias: query.alias })),
});

const findUsersOfId = clientEndpoint({
  ...described,
  operationId: 'queryUserByID',
  summary: 'Whom of other networks a user stands for',
  paths: clientPaths('/thirdparty/user'),
  query: Type.Object({ userid: Type.String() }),
  handle: async ({ query }, { bridges }) =>
    listOf(await bridges.networks.lookUp('user', { userid: query.userid })),
});

/** What is about the request itself, and not for the network. */
const OWN_PARAMETERS: ReadonlySet<string> = new Set(['access_token', 'user_id', 'device_id']);

/** The names are the protocol's, so that no schema knows them. */
function fieldsIn(target: string): Record<string, string> {
  const { searchParams } = new URL(target, 'http://request');
  return Object.fromEntries([...searchParams].filter(([name]) => !OWN_PARAMETERS.has(name)));
}

function listOf(found: readonly JsonObject[]): object {
  if (found.length === 0) throw notFound('Nothing was found');
  return reply(found);
}

export const thirdPartyNetworkEndpoints = [
  getProtocols,
  getProtocol,
  findLocations,
  findUsers,
  findLocationsOfAlias,
  findUsersOfId,
];
