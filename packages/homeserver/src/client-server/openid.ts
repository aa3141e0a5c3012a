import { Type } from 'typebox';

import { issueOpenIdToken, userOfOpenIdToken } from '../accounts/openid-token.ts';
import { unknownToken } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { EmptyObject } from '../http/schemas.ts';
import { checkOwnUser } from './own-user.ts';
import { accountEndpoint } from './services.ts';

export const requestOpenIdToken = accountEndpoint({
  operationId: 'requestOpenIdToken',
  summary: 'Get a token with which others can ask who the user is',
  spec: 'OpenID',
  method: 'POST',
  paths: clientPaths('/user/{userId}/openid/request_token'),
  authentication: 'required',
  body: EmptyObject,
  errcodes: [],
  handle: async ({ params, requester }, { accounts }) => {
    checkOwnUser(requester, params.userId);
    const { token, lifetimeMs } = await issueOpenIdToken(accounts, requester.userNid);
    return {
      access_token: token,
      token_type: 'Bearer',
      matrix_server_name: accounts.serverName,
      expires_in: lifetimeMs / 1000,
    };
  },
});

/** Of the server-server API; whoever was given the token asks, without being a server. */
export const exchangeOpenIdToken = accountEndpoint({
  operationId: 'exchangeOpenIdToken',
  summary: 'Ask whose token it is',
  spec: 'OpenID',
  method: 'GET',
  paths: ['/_matrix/federation/v1/openid/userinfo'],
  authentication: 'none',
  query: Type.Object({ access_token: Type.String() }),
  errcodes: ['M_UNKNOWN_TOKEN'],
  handle: async ({ query }, { accounts }) => {
    const userId = await userOfOpenIdToken(accounts, query.access_token);
    if (userId === undefined) throw unknownToken(false, 'Access token unknown or expired');
    return { sub: userId };
  },
});
