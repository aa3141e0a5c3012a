import { Type } from 'typebox';

import { checkNewPassword } from '../accounts/check-new-password.ts';
import { checkUsername, checkUsernameIsFree } from '../accounts/check-username.ts';
import { upgradingGuest } from '../accounts/upgrade-guest.ts';
import { forbidden } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { OptionalAuth, OptionalText, requiredTextIn, textIn } from './body-fields.ts';
import { registrationFlows } from './open-interactive-auth.ts';
import { registerForService } from './register-for-service.ts';
import { registerGuest } from './register-guest.ts';
import { registerOnce, registeredUser } from './register-once.ts';
import { accountEndpoint } from './services.ts';
import type { AccountServices } from './services.ts';

const spec = 'Legacy account registration';

const RegisterBody = Type.Object({
  type: OptionalText,
  username: OptionalText,
  password: Type.Optional(Type.String()),
  device_id: OptionalText,
  initial_device_display_name: OptionalText,
  inhibit_login: Type.Optional(Type.Boolean()),
  refresh_token: Type.Optional(Type.Boolean()),
  guest_access_token: OptionalText,
  auth: OptionalAuth,
});

const SERVICE_TYPE = 'm.login.application_service';

type Body = Readonly<Record<string, unknown>>;

export const register = accountEndpoint({
  operationId: 'register',
  summary: 'Make an account',
  spec,
  method: 'POST',
  paths: clientPaths('/register'),
  authentication: 'none',
  query: Type.Object({
    kind: Type.Union([Type.Literal('user'), Type.Literal('guest')], { default: 'user' }),
  }),
  body: RegisterBody,
  errcodes: [
    'M_UNAUTHORIZED',
    'M_INVALID_USERNAME',
    'M_EXCLUSIVE',
    'M_USER_IN_USE',
    'M_MISSING_PARAM',
    'M_INVALID_PARAM',
    'M_PASSWORD_TOO_SHORT',
    'M_PASSWORD_NO_DIGIT',
    'M_PASSWORD_NO_SYMBOL',
    'M_PASSWORD_NO_UPPERCASE',
    'M_PASSWORD_NO_LOWERCASE',
  ],
  async handle(request, services) {
    const { config, interactiveAuth, rateLimits } = services;
    const { body, clientAddress } = request;
    if (body.type === SERVICE_TYPE) return registerForService(request, services);
    rateLimits.rc_registration.check(clientAddress, undefined, { counts: false });
    if (request.query.kind === 'guest') return registerGuest(request, services);
    if (!config.registration.enabled) throw forbidden('Registration is closed');
    if ((await registeredUser(services, body)) === undefined) await checkWishes(services, body);
    const outcome = await interactiveAuth.authenticate(request, registrationFlows(config));
    const password = requiredTextIn(outcome.body, 'password');
    return registerOnce(services, outcome, password, clientAddress);
  },
});

export const checkUsernameAvailability = accountEndpoint({
  operationId: 'checkUsernameAvailability',
  summary: 'Ask whether a user name is free',
  spec,
  method: 'GET',
  paths: clientPaths('/register/available'),
  authentication: 'none',
  rateLimit: 'register_available',
  query: Type.Object({ username: Type.String() }),
  errcodes: ['M_INVALID_USERNAME', 'M_EXCLUSIVE', 'M_USER_IN_USE', 'M_MISSING_PARAM'],
  async handle({ query }, services) {
    if (!services.config.registration.enabled) throw forbidden('Registration is closed');
    await checkWishedName(services, query.username);
    return { available: true };
  },
});

/** The spec wants the refusals of a name before the authentication. */
async function checkWishes(services: AccountServices, body: Body): Promise<void> {
  const username = textIn(body, 'username');
  const password = textIn(body, 'password');
  const guestToken = textIn(body, 'guest_access_token');
  if (guestToken !== undefined) await upgradingGuest(services.accounts, guestToken, username);
  else if (username !== undefined) await checkWishedName(services, username);
  if (password !== undefined) checkNewPassword(password, services.config.passwords.policy);
}

async function checkWishedName({ accounts, config }: AccountServices, name: string): Promise<void> {
  const userId = checkUsername(accounts, name.toLowerCase());
  if (!config.registration.inhibitUserInUseError) await checkUsernameIsFree(accounts, userId);
}
