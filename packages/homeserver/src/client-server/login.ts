import { Type } from 'typebox';

import { logIn } from '../accounts/log-in.ts';
import type { LoggedIn } from '../accounts/log-in.ts';
import { logInWithToken } from '../accounts/login-token.ts';
import type { UserIdentifier } from '../accounts/user-identifier.ts';
import type { Config } from '../config/config.ts';
import { badRequest, missingParam } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { OptionalText } from './body-fields.ts';
import { loginLimits } from './rate-limits.ts';
import { accountEndpoint } from './services.ts';
import type { AccountServices } from './services.ts';
import { sessionIn, toClientTokens } from './session-answer.ts';
import { wellKnownClient } from './well-known.ts';

const PASSWORD = 'm.login.password';
const TOKEN = 'm.login.token';

const spec = 'Legacy login';
const paths = clientPaths('/login', { apiV1: true });

const LoginBody = Type.Object({
  type: Type.String(),
  identifier: Type.Optional(Type.Object({ type: Type.String() })),
  user: OptionalText,
  medium: OptionalText,
  address: OptionalText,
  password: Type.Optional(Type.String()),
  token: Type.Optional(Type.String()),
  device_id: OptionalText,
  initial_device_display_name: OptionalText,
  refresh_token: Type.Optional(Type.Boolean()),
});
type LoginBody = Type.Static<typeof LoginBody>;

export const getLoginFlows = accountEndpoint({
  operationId: 'getLoginFlows',
  summary: 'The ways to log in',
  spec,
  method: 'GET',
  paths,
  authentication: 'none',
  errcodes: [],
  handle: (_request, { config }) => ({ flows: loginFlows(config) }),
});

export const login = accountEndpoint({
  operationId: 'login',
  summary: 'Log in',
  spec,
  method: 'POST',
  paths,
  authentication: 'none',
  rateLimit: 'rc_login.address',
  body: LoginBody,
  errcodes: ['M_USER_DEACTIVATED', 'M_MISSING_PARAM', 'M_INVALID_PARAM'],
  async handle({ body }, services) {
    const { accounts, config } = services;
    const isKnown = loginFlows(config).some(({ type }) => type === body.type);
    if (!isKnown) throw badRequest('Unknown login type');
    const session = await (body.type === TOKEN ? byToken : byPassword)(services, body);
    const wellKnown = wellKnownClient(config);
    return {
      user_id: session.userId,
      ...toClientTokens(session),
      device_id: session.deviceId,
      home_server: accounts.serverName,
      ...(wellKnown === undefined ? {} : { well_known: wellKnown }),
    };
  },
});

function byPassword({ accounts, rateLimits }: AccountServices, body: LoginBody): Promise<LoggedIn> {
  if (body.password === undefined) throw missingParam('Missing required field: password');
  return logIn(
    accounts,
    { identifier: identifierIn(body), password: body.password, ...sessionIn(body) },
    loginLimits(rateLimits),
  );
}

function byToken({ accounts, rateLimits }: AccountServices, body: LoginBody): Promise<LoggedIn> {
  if (body.token === undefined) throw missingParam('Missing required field: token');
  return logInWithToken(accounts, body.token, sessionIn(body), loginLimits(rateLimits));
}

interface LoginFlow {
  readonly type: string;
  readonly get_login_token?: boolean;
}

function loginFlows({ passwords, sessions }: Config): readonly LoginFlow[] {
  return [
    ...(sessions.viaExistingSession.enabled ? [{ type: TOKEN, get_login_token: true }] : []),
    ...(passwords.enabled === true && passwords.localdbEnabled ? [{ type: PASSWORD }] : []),
  ];
}

/** The identifier, or what clients sent in its place before r0.4. */
function identifierIn({ identifier, user, medium, address }: LoginBody): UserIdentifier {
  if (identifier !== undefined) return { ...identifier };
  if (typeof user === 'string') return { type: 'm.id.user', user };
  if (typeof address === 'string') return { type: 'm.id.thirdparty', medium, address };
  throw missingParam('Missing required field: identifier');
}
