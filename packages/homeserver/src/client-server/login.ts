import { Type } from 'typebox';

import { logIn } from '../accounts/log-in.ts';
import type { LoggedIn } from '../accounts/log-in.ts';
import { logInWithToken } from '../accounts/login-token.ts';
import type { UserIdentifier } from '../accounts/user-identifier.ts';
import { logInServiceUser } from '../appservices/log-in-service-user.ts';
import type { Config, JwtConfig, OidcProviderConfig } from '../config/config.ts';
import { badRequest, missingParam } from '../errors/matrix-error.ts';
import type { TokenUse } from '../http/authenticate.ts';
import { clientPaths } from '../http/endpoint.ts';
import { logInWithJwt } from '../sso/jwt/log-in-with-jwt.ts';
import { bearingService } from './bearing-service.ts';
import { OptionalText } from './body-fields.ts';
import { loginLimits } from './rate-limits.ts';
import { accountEndpoint } from './services.ts';
import type { AccountServices } from './services.ts';
import { sessionIn, toClientTokens } from './session-answer.ts';
import { wellKnownClient } from './well-known.ts';

const PASSWORD = 'm.login.password';
const TOKEN = 'm.login.token';
const SERVICE = 'm.login.application_service';
/** From before it was in the specification (MSC2778). */
const OLD_SERVICE = 'uk.half-shot.msc2778.login.application_service';

/** These two lead to pages; there is nothing to post. */
const SSO = 'm.login.sso';
const CAS = 'm.login.cas';
const JWT = 'org.matrix.login.jwt';

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
  errcodes: [
    'M_EXCLUSIVE',
    'M_USER_DEACTIVATED',
    'M_MISSING_PARAM',
    'M_INVALID_PARAM',
    'M_INVALID_USERNAME',
  ],
  async handle(request, services) {
    const { accounts, config } = services;
    const { body } = request;
    const isPage = body.type === SSO || body.type === CAS;
    const isKnown = !isPage && loginFlows(config).some(({ type }) => type === body.type);
    if (!isKnown && body.type !== OLD_SERVICE) throw badRequest('Unknown login type');
    const session = await sessionOf(request, services);
    const wellKnown = wellKnownClient(config);
    return {
      ...session.extraAttributes,
      user_id: session.userId,
      ...toClientTokens(session),
      device_id: session.deviceId,
      home_server: accounts.serverName,
      ...(wellKnown === undefined ? {} : { well_known: wellKnown }),
    };
  },
});

function sessionOf(
  request: TokenUse & { readonly body: LoginBody },
  services: AccountServices,
): Promise<LoggedIn> {
  const { body } = request;
  if (body.type === TOKEN) return byToken(services, body);
  if (body.type === PASSWORD) return byPassword(services, body);
  const { jwt } = services.config.singleSignOn;
  if (body.type === JWT && jwt !== undefined) return byJwt(services, jwt, body);
  const service = bearingService(services, request);
  const limits = service.config.isRateLimited ? loginLimits(services.rateLimits) : undefined;
  const session = sessionIn(body);
  return logInServiceUser(services.accounts, service, identifierIn(body), session, limits);
}

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

function byJwt(
  { accounts, rateLimits, joinFirstRooms }: AccountServices,
  config: JwtConfig,
  body: LoginBody,
): Promise<LoggedIn> {
  const welcome = (userId: string) => joinFirstRooms({ userId, isGuest: false });
  const wish = { token: body.token, session: sessionIn(body), welcome };
  return logInWithJwt(accounts, config, wish, loginLimits(rateLimits));
}

type ShownProvider = Pick<OidcProviderConfig, 'id' | 'name' | 'icon' | 'brand'>;

interface LoginFlow {
  readonly type: string;
  readonly get_login_token?: boolean;
  readonly identity_providers?: readonly object[];
}

function loginFlows({ passwords, sessions, singleSignOn }: Config): readonly LoginFlow[] {
  const { oidcProviders, cas, jwt } = singleSignOn;
  const providers = [...oidcProviders, ...(cas === undefined ? [] : [{ id: 'cas', ...cas }])];
  const hasSso = providers.length > 0;
  const givesTokens = sessions.viaExistingSession.enabled;
  return [
    ...(hasSso ? [{ type: SSO, identity_providers: providers.map(toClientProvider) }] : []),
    ...(hasSso || givesTokens
      ? [{ type: TOKEN, ...(givesTokens ? { get_login_token: true } : {}) }]
      : []),
    ...(cas === undefined ? [] : [{ type: CAS }]),
    ...(jwt === undefined ? [] : [{ type: JWT }]),
    ...(passwords.enabled === true && passwords.localdbEnabled ? [{ type: PASSWORD }] : []),
    { type: SERVICE },
  ];
}

function toClientProvider({ id, name, icon, brand }: ShownProvider): object {
  return {
    id,
    name,
    ...(icon === undefined ? {} : { icon }),
    ...(brand === undefined ? {} : { brand }),
  };
}

/** The identifier, or what clients sent in its place before r0.4. */
function identifierIn({ identifier, user, medium, address }: LoginBody): UserIdentifier {
  if (identifier !== undefined) return { ...identifier };
  if (typeof user === 'string') return { type: 'm.id.user', user };
  if (typeof address === 'string') return { type: 'm.id.thirdparty', medium, address };
  throw missingParam('Missing required field: identifier');
}
