import { Type } from 'typebox';

import { issueLoginToken } from '../accounts/login-token.ts';
import { unrecognized } from '../errors/matrix-error.ts';
import { OptionalAuth } from './body-fields.ts';
import { reauthenticationFlows } from './reauthentication-flows.ts';
import { accountEndpoint } from './services.ts';

export const generateLoginToken = accountEndpoint({
  operationId: 'generateLoginToken',
  summary: 'Get a token that logs in on another device',
  spec: 'Legacy login',
  method: 'POST',
  paths: [
    '/_matrix/client/v1/login/get_token',
    // MSC3882, under which clients of the time ask for it.
    '/_matrix/client/unstable/org.matrix.msc3882/login/token',
  ],
  authentication: 'required',
  body: Type.Object({ auth: OptionalAuth }),
  bodyOptional: true,
  errcodes: ['M_UNAUTHORIZED', 'M_UNRECOGNIZED'],
  async handle(request, services) {
    const { accounts, config, interactiveAuth, rateLimits } = services;
    const { enabled, requireUiAuth, tokenTimeoutMs } = config.sessions.viaExistingSession;
    if (!enabled) throw unrecognized();
    if (requireUiAuth) {
      const flows = await reauthenticationFlows(services, request.requester.userNid);
      const outcome = await interactiveAuth.authenticate(request, flows);
      // Each token needs a consent of its own.
      await outcome.end();
    }
    const { userId, userNid } = request.requester;
    rateLimits.login_get_token.check(userId);
    const token = await issueLoginToken(accounts, userNid, tokenTimeoutMs);
    return {
      login_token: token,
      expires_in_ms: tokenTimeoutMs,
      // MSC3882 had it in seconds.
      expires_in: Math.floor(tokenTimeoutMs / 1000),
    };
  },
});
