import { issueOpenIdToken } from '../accounts/openid-token.ts';
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
  bodyOptional: true,
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
