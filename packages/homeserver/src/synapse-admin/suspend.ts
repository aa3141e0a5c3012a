import { Type } from 'typebox';

import { parseUserId, serverNameOf } from '@soma/protocol';

import { findAccount } from '../accounts/find-account.ts';
import { setAccountFlags } from '../accounts/set-account-flags.ts';
import { badRequest, notFound } from '../errors/matrix-error.ts';
import { adminEndpoint } from './services.ts';

export const suspendUser = adminEndpoint({
  operationId: 'adminSuspendUser',
  summary: 'Suspend an account, or let it act again',
  spec: 'Synapse admin API: users',
  method: 'PUT',
  paths: ['/_synapse/admin/v1/suspend/{userId}'],
  authentication: 'admin',
  body: Type.Object({ suspend: Type.Boolean() }),
  errcodes: ['M_MISSING_PARAM'],
  async handle({ params: { userId }, body: { suspend } }, { accounts }) {
    const parsed = parseUserId(userId);
    if (parsed === undefined || serverNameOf(parsed) !== accounts.serverName) {
      throw badRequest('Can only suspend local users');
    }
    const account = await findAccount(accounts, userId);
    if (account === undefined) throw notFound('User not found');
    await setAccountFlags(accounts, account, { isSuspended: suspend });
    return { [`user_${userId}_suspended`]: suspend };
  },
});
