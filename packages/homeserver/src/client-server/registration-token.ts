import { Type } from 'typebox';

import { isRegistrationTokenValid } from '../accounts/registration-tokens.ts';
import { forbidden } from '../errors/matrix-error.ts';
import { accountEndpoint } from './services.ts';

export const registrationTokenValidity = accountEndpoint({
  operationId: 'registrationTokenValidity',
  summary: 'Ask whether a registration token can be used',
  spec: 'Legacy account registration',
  method: 'GET',
  paths: [
    '/_matrix/client/v1/register/m.login.registration_token/validity',
    '/_matrix/client/unstable/org.matrix.msc3231/register/org.matrix.msc3231.login.registration_token/validity',
  ],
  authentication: 'none',
  rateLimit: 'rc_registration_token_validity',
  query: Type.Object({ token: Type.String() }),
  errcodes: ['M_MISSING_PARAM'],
  async handle({ query }, { accounts, config }) {
    if (!config.registration.enabled) throw forbidden('Registration is closed');
    return { valid: await isRegistrationTokenValid(accounts, query.token) };
  },
});
