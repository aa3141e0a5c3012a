import { Type } from 'typebox';

import { logIn } from '../accounts/log-in.ts';
import type { UserIdentifier } from '../accounts/user-identifier.ts';
import type { Config } from '../config/config.ts';
import { badRequest, missingParam } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { OptionalText } from './body-fields.ts';
import { loginLimits } from './rate-limits.ts';
import { accountEndpoint } from './services.ts';
import { wellKnownClient } from './well-known.ts';

const PASSWORD = 'm.login.password';

const spec = 'Legacy login';
const paths = clientPaths('/login', { apiV1: true });

const LoginBody = Type.Object({
  type: Type.String(),
  identifier: Type.Optional(Type.Object({ type: Type.String() })),
  user: OptionalText,
  medium: OptionalText,
  address: OptionalText,
  password: Type.Optional(Type.String()),
  device_id: OptionalText,
  initial_device_display_name: OptionalText,
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
  handle: (_request, { config }) => ({ flows: loginTypes(config).map((type) => ({ type })) }),
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
  async handle({ body }, { accounts, config, rateLimits }) {
    if (!loginTypes(config).includes(body.type)) throw badRequest('Unknown login type');
    if (body.password === undefined) throw missingParam('Missing required field: password');
    const { userId, accessToken, deviceId } = await logIn(
      accounts,
      {
        identifier: identifierIn(body),
        password: body.password,
        deviceId: body.device_id ?? undefined,
        deviceDisplayName: body.initial_device_display_name ?? undefined,
      },
      loginLimits(rateLimits),
    );
    const wellKnown = wellKnownClient(config);
    return {
      user_id: userId,
      access_token: accessToken,
      device_id: deviceId,
      home_server: accounts.serverName,
      ...(wellKnown === undefined ? {} : { well_known: wellKnown }),
    };
  },
});

function loginTypes({ passwords }: Config): string[] {
  return passwords.enabled === true && passwords.localdbEnabled ? [PASSWORD] : [];
}

/** The identifier, or what clients sent in its place before r0.4. */
function identifierIn({ identifier, user, medium, address }: LoginBody): UserIdentifier {
  if (identifier !== undefined) return { ...identifier };
  if (typeof user === 'string') return { type: 'm.id.user', user };
  if (typeof address === 'string') return { type: 'm.id.thirdparty', medium, address };
  throw missingParam('Missing required field: identifier');
}
