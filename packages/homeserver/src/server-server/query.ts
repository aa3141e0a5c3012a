import { Type } from 'typebox';

import { parseUserId, serverNameOf } from '@soma/protocol';

import { fullProfile, profileText } from '../accounts/full-profile.ts';
import { lookUpOwnAlias } from '../directory/look-up-alias.ts';
import { forbidden, invalidParam, notFound, unrecognized } from '../errors/matrix-error.ts';
import { JsonText } from '../http/response.ts';
import { serverEndpoint } from './services.ts';

const spec = 'Querying for information';

const queryProfile = serverEndpoint({
  operationId: 'queryProfile',
  summary: 'The profile of a user of this server',
  spec,
  method: 'GET',
  paths: ['/_matrix/federation/v1/query/profile'],
  authentication: 'server',
  query: Type.Object({ user_id: Type.String(), field: Type.Optional(Type.String()) }),
  errcodes: ['M_FORBIDDEN', 'M_INVALID_PARAM', 'M_NOT_FOUND'],
  async handle({ query }, { accounts, config }) {
    if (!config.federation.allowProfileLookup) {
      throw forbidden('This server does not show profiles to other servers');
    }
    const userId = parseUserId(query.user_id);
    if (userId === undefined) throw invalidParam('user_id is not a user ID');
    if (serverNameOf(userId) !== accounts.serverName) {
      throw invalidParam('The user is not of this server');
    }
    const profile = await fullProfile(accounts, userId);
    if (profile === undefined) throw notFound('There is no such user');
    const { field } = query;
    const shown = [...profile].filter(([name]) => field === undefined || name === field);
    // A field that is not set does not exist, but for these two, of which every user has a place.
    const isOptional = field === 'displayname' || field === 'avatar_url';
    if (field !== undefined && !isOptional && shown.length === 0) {
      throw notFound('The user has no such field');
    }
    return new JsonText(profileText(shown));
  },
});

const queryRoomDirectory = serverEndpoint({
  operationId: 'queryRoomDirectory',
  summary: 'The room that an alias of this server stands for',
  spec,
  method: 'GET',
  paths: ['/_matrix/federation/v1/query/directory'],
  authentication: 'server',
  query: Type.Object({ room_alias: Type.String() }),
  responses: {
    200: Type.Object({ room_id: Type.String(), servers: Type.Array(Type.String()) }),
  },
  errcodes: ['M_INVALID_PARAM', 'M_NOT_FOUND'],
  async handle({ query }, { directory }) {
    const { roomId, servers } = await lookUpOwnAlias(directory, query.room_alias);
    return { room_id: roomId, servers };
  },
});

const queryInfo = serverEndpoint({
  operationId: 'queryInfo',
  summary: 'Something that this server does not know how to answer',
  spec,
  method: 'GET',
  paths: ['/_matrix/federation/v1/query/{queryType}'],
  authentication: 'server',
  errcodes: ['M_UNRECOGNIZED'],
  handle() {
    // Every type of query that there is has an endpoint of its own.
    throw unrecognized();
  },
});

export const queryEndpoints = [queryProfile, queryRoomDirectory, queryInfo];
