import { Type } from 'typebox';

import { userOfOpenIdToken } from '../accounts/openid-token.ts';
import { unknownToken } from '../errors/matrix-error.ts';
import { serverEndpoint } from './services.ts';

/** Whoever was given the token asks, without being a server. */
export const exchangeOpenIdToken = serverEndpoint({
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
