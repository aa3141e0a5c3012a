import { Type } from 'typebox';

import { parseUserId, serverNameOf } from '@soma/protocol';

import { fullProfile, profileText } from '../accounts/full-profile.ts';
import { forbidden, invalidParam, notFound } from '../errors/matrix-error.ts';
import { JsonText } from '../http/response.ts';
import { serverEndpoint } from './services.ts';

export const queryProfile = serverEndpoint({
  operationId: 'queryProfile',
  summary: 'The profile of a user of this server',
  spec: 'Querying for information',
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
    return new JsonText(profileText(shown));
  },
});
