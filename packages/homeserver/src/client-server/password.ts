import { Type } from 'typebox';

import { changePassword } from '../accounts/change-password.ts';
import { checkNewPassword } from '../accounts/check-new-password.ts';
import type { CurrentSession } from '../accounts/log-out.ts';
import { readOwnerOfAddress } from '../accounts/three-pids/three-pid-store.ts';
import { forbidden, missingToken, notFound } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import type { Requester } from '../http/endpoint.ts';
import type { InteractiveOutcome } from '../http/interactive-auth.ts';
import { EMAIL_IDENTITY } from '../http/interactive-auth/email-stage.ts';
import { OptionalAuth, requiredTextIn } from './body-fields.ts';
import { reauthenticationFlows } from './reauthentication-flows.ts';
import { provenAddressOf } from './register-once.ts';
import { accountEndpoint } from './services.ts';
import type { AccountServices } from './services.ts';

export const changePasswordEndpoint = accountEndpoint({
  operationId: 'changePassword',
  summary: 'Change the user’s password, or get back in by mail',
  spec: 'Password management',
  method: 'POST',
  paths: clientPaths('/account/password'),
  authentication: 'optional',
  body: Type.Object({
    new_password: Type.Optional(Type.String()),
    logout_devices: Type.Optional(Type.Boolean()),
    auth: OptionalAuth,
  }),
  errcodes: [
    'M_UNAUTHORIZED',
    'M_MISSING_PARAM',
    'M_INVALID_PARAM',
    'M_PASSWORD_TOO_SHORT',
    'M_PASSWORD_NO_DIGIT',
    'M_PASSWORD_NO_SYMBOL',
    'M_PASSWORD_NO_UPPERCASE',
    'M_PASSWORD_NO_LOWERCASE',
  ],
  async handle(request, services) {
    const { accounts, config, interactiveAuth } = services;
    const { requester } = request;
    const { enabled, localdbEnabled, policy } = config.passwords;
    // Who is not logged in proves an address, which needs a mail.
    if (requester === undefined && config.email.mail === undefined) throw missingToken();
    if (enabled === false || !localdbEnabled) throw forbidden('Passwords cannot be changed');
    const checked = (body: Readonly<Record<string, unknown>>): string => {
      const password = requiredTextIn(body, 'new_password');
      checkNewPassword(password, policy);
      return password;
    };
    if (request.body.auth === undefined) checked(request.body);
    const flows =
      requester === undefined
        ? [[EMAIL_IDENTITY]]
        : await reauthenticationFlows(services, requester.userNid);
    const outcome = await interactiveAuth.authenticate(request, flows);
    const password = checked(outcome.body);
    const session = await sessionOf(services, requester, outcome);
    const logsOutOthers = outcome.body['logout_devices'] !== false;
    await changePassword(accounts, session, password, logsOutOthers);
    // Whoever proved an address proved it once.
    if (requester === undefined) await outcome.end();
    return {};
  },
});

/** Whose password it is, and which session stays. Throws `404 M_NOT_FOUND`. */
async function sessionOf(
  { accounts }: AccountServices,
  requester: Requester | undefined,
  outcome: InteractiveOutcome,
): Promise<CurrentSession> {
  if (requester !== undefined) return requester;
  const address = provenAddressOf(outcome);
  const userNid =
    address === undefined ? undefined : await readOwnerOfAddress(accounts.database.reader, address);
  if (userNid === undefined) throw notFound('The address belongs to no account');
  return { userNid, deviceNid: undefined, tokenNid: undefined };
}
