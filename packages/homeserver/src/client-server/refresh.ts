import { Type } from 'typebox';

import { refreshSession } from '../accounts/refresh-session.ts';
import { clientPaths } from '../http/endpoint.ts';
import { accountEndpoint } from './services.ts';
import { toClientTokens } from './session-answer.ts';

export const refresh = accountEndpoint({
  operationId: 'refresh',
  summary: 'Get new tokens for a refresh token',
  spec: 'Client authentication',
  method: 'POST',
  paths: clientPaths('/refresh', { releases: ['v3', 'r0', 'v1'] }),
  authentication: 'none',
  body: Type.Object({ refresh_token: Type.String() }),
  errcodes: ['M_MISSING_PARAM'],
  handle: async ({ body }, { accounts }) =>
    toClientTokens(await refreshSession(accounts, body.refresh_token)),
});
