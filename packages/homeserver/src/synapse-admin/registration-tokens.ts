import { Type } from 'typebox';

import type { Accounts } from '../accounts/accounts.ts';
import type { RegistrationToken } from '../accounts/registration-token-store.ts';
import {
  createRegistrationToken,
  deleteRegistrationToken,
  findRegistrationToken,
  listRegistrationTokens,
  updateRegistrationToken,
} from '../accounts/registration-tokens.ts';
import { adminEndpoint } from './services.ts';

const shared = {
  spec: 'Synapse admin API: registration tokens',
  authentication: 'admin',
  errcodes: ['M_INVALID_PARAM'],
} as const;
const tokenPaths = ['/_synapse/admin/v1/registration_tokens/{token}'] as const;

/** Null stands for "no limit". */
const limits = {
  uses_allowed: Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()])),
  expiry_time: Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()])),
};

export const listTokens = adminEndpoint({
  ...shared,
  operationId: 'adminListRegistrationTokens',
  summary: 'List the registration tokens',
  method: 'GET',
  paths: ['/_synapse/admin/v1/registration_tokens'],
  query: Type.Object({ valid: Type.Optional(Type.Boolean()) }),
  async handle({ query }, { accounts }) {
    const tokens = await listRegistrationTokens(accounts, query.valid);
    return { registration_tokens: tokens.map((token) => toAdminToken(accounts, token)) };
  },
});

export const createToken = adminEndpoint({
  ...shared,
  operationId: 'adminCreateRegistrationToken',
  summary: 'Make a registration token',
  method: 'POST',
  paths: ['/_synapse/admin/v1/registration_tokens/new'],
  body: Type.Object({
    ...limits,
    token: Type.Optional(Type.String()),
    length: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
  }),
  bodyOptional: true,
  async handle({ body }, { accounts }) {
    const made = await createRegistrationToken(accounts, {
      token: body.token,
      length: body.length ?? 16,
      usesAllowed: body.uses_allowed ?? undefined,
      expiryTs: body.expiry_time ?? undefined,
    });
    return toAdminToken(accounts, made);
  },
});

export const getToken = adminEndpoint({
  ...shared,
  operationId: 'adminGetRegistrationToken',
  summary: 'Show a registration token',
  method: 'GET',
  paths: tokenPaths,
  async handle({ params }, { accounts }) {
    return toAdminToken(accounts, await findRegistrationToken(accounts, params.token));
  },
});

export const updateToken = adminEndpoint({
  ...shared,
  operationId: 'adminUpdateRegistrationToken',
  summary: 'Change the limits of a registration token',
  method: 'PUT',
  paths: tokenPaths,
  body: Type.Object(limits),
  async handle({ params, body }, { accounts }) {
    const changed = await updateRegistrationToken(accounts, params.token, {
      ...('uses_allowed' in body ? { usesAllowed: body.uses_allowed ?? undefined } : {}),
      ...('expiry_time' in body ? { expiryTs: body.expiry_time ?? undefined } : {}),
    });
    return toAdminToken(accounts, changed);
  },
});

export const deleteToken = adminEndpoint({
  ...shared,
  operationId: 'adminDeleteRegistrationToken',
  summary: 'Delete a registration token',
  method: 'DELETE',
  paths: tokenPaths,
  async handle({ params }, { accounts }) {
    await deleteRegistrationToken(accounts, params.token);
    return {};
  },
});

function toAdminToken(accounts: Accounts, token: RegistrationToken): object {
  return {
    token: token.token,
    uses_allowed: token.usesAllowed ?? null,
    pending: accounts.pendingRegistrations.count(token.token),
    completed: token.completed,
    expiry_time: token.expiryTs ?? null,
  };
}
