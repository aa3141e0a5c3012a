import { Type } from 'typebox';

import { CLIENT_SECRET } from '../accounts/three-pids/limits.ts';
import { requestValidation } from '../accounts/three-pids/request-validation.ts';
import { checkChangesEnabled } from '../accounts/three-pids/three-pids.ts';
import type { Purpose } from '../accounts/three-pids/validation-session-store.ts';
import { MatrixError, forbidden, invalidParam } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { OptionalText } from './body-fields.ts';
import { accountEndpoint } from './services.ts';
import type { AccountServices } from './services.ts';

const shared = { spec: 'Account management', method: 'POST', authentication: 'none' } as const;

const sent = {
  client_secret: Type.String(),
  send_attempt: Type.Integer(),
  next_link: OptionalText,
};
const EmailBody = Type.Object({ ...sent, email: Type.String() });
const PhoneBody = Type.Object({ ...sent, country: Type.String(), phone_number: Type.String() });

/** Where a proof is asked for: below which path, and how the spec calls it. */
interface Place {
  readonly purpose: Purpose;
  readonly path: '/register' | '/account/password' | '/account/3pid';
  readonly operation: string;
  readonly what: string;
}

const places: readonly Place[] = [
  { purpose: 'register', path: '/register', operation: 'requestTokenToRegister', what: 'register' },
  {
    purpose: 'password',
    path: '/account/password',
    operation: 'requestTokenToResetPassword',
    what: 'get a new password',
  },
  { purpose: 'add', path: '/account/3pid', operation: 'requestTokenTo3PID', what: 'add it' },
];

function requestEmailToken({ purpose, path, operation, what }: Place) {
  return accountEndpoint({
    ...shared,
    operationId: `${operation}Email`,
    summary: `Ask for a mail that proves an address, to ${what}`,
    paths: clientPaths(`${path}/email/requestToken`),
    body: EmailBody,
    errcodes: [
      'M_INVALID_PARAM',
      'M_THREEPID_DENIED',
      'M_THREEPID_IN_USE',
      'M_THREEPID_NOT_FOUND',
      'M_THREEPID_MEDIUM_NOT_SUPPORTED',
    ],
    async handle({ body, clientAddress }, services) {
      const { threePids, rateLimits, logger } = services;
      checkOpen(purpose, services);
      try {
        const sessionId = await requestValidation(threePids, {
          purpose,
          email: body.email,
          clientSecret: body.client_secret,
          sendAttempt: body.send_attempt,
          nextLink: body.next_link ?? undefined,
          countAttempt: (address) => {
            rateLimits.rc_3pid_validation.check(`email ${clientAddress}`);
            rateLimits.rc_3pid_validation.check(`email to ${address}`);
          },
        });
        return { sid: sessionId };
      } catch (error) {
        if (error instanceof MatrixError) throw error;
        // The operator's mail server is no part of this one.
        logger.warn({ err: error }, 'a mail was not sent');
        throw new MatrixError(500, 'M_UNKNOWN', 'The mail could not be sent');
      }
    },
  });
}

/** No number can be proven: that would need somebody who sends messages to phones. */
function requestPhoneToken({ purpose, path, operation, what }: Place) {
  return accountEndpoint({
    ...shared,
    operationId: `${operation}MSISDN`,
    summary: `Ask for a message that proves a phone number, to ${what}`,
    paths: clientPaths(`${path}/msisdn/requestToken`),
    body: PhoneBody,
    errcodes: ['M_INVALID_PARAM', 'M_THREEPID_MEDIUM_NOT_SUPPORTED'],
    handle({ body }, services) {
      checkOpen(purpose, services);
      if (!CLIENT_SECRET.test(body.client_secret)) throw invalidParam('client_secret is not valid');
      const errcode = purpose === 'add' ? 'M_THREEPID_MEDIUM_NOT_SUPPORTED' : 'M_UNKNOWN';
      throw new MatrixError(400, errcode, 'This server does not work with phone numbers');
    },
  });
}

function checkOpen(purpose: Purpose, { config, threePids }: AccountServices): void {
  if (purpose === 'add') checkChangesEnabled(threePids.config);
  if (purpose !== 'register' || config.registration.enabled) return;
  throw forbidden('Registration is closed');
}

export const requestTokenEndpoints = [
  ...places.map(requestEmailToken),
  ...places.map(requestPhoneToken),
];
