import { Type } from 'typebox';

import { changePassword } from '../accounts/change-password.ts';
import { checkNewPassword } from '../accounts/check-new-password.ts';
import { forbidden } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { OptionalAuth, requiredTextIn } from './body-fields.ts';
import { accountEndpoint } from './services.ts';

export const changePasswordEndpoint = accountEndpoint({
  operationId: 'changePassword',
  summary: 'Change the user’s password',
  spec: 'Password management',
  method: 'POST',
  paths: clientPaths('/account/password'),
  authentication: 'required',
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
  async handle(request, { accounts, config, interactiveAuth }) {
    const { enabled, localdbEnabled, policy } = config.passwords;
    if (enabled === false || !localdbEnabled) throw forbidden('Passwords cannot be changed');
    const checked = (body: Readonly<Record<string, unknown>>): string => {
      const password = requiredTextIn(body, 'new_password');
      checkNewPassword(password, policy);
      return password;
    };
    if (request.body.auth === undefined) checked(request.body);
    const { body } = await interactiveAuth.authenticate(request, [['m.login.password']]);
    const logsOutOthers = body['logout_devices'] !== false;
    await changePassword(accounts, request.requester, checked(body), logsOutOthers);
    return {};
  },
});
