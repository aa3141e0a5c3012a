import { Type } from 'typebox';

import { moderatedAccount } from '../accounts/moderate-account.ts';
import { setAccountFlags } from '../accounts/set-account-flags.ts';
import { v1Paths } from '../http/endpoint.ts';
import { accountEndpoint } from './services.ts';

const shared = {
  spec: 'Server administration',
  authentication: 'admin',
  errcodes: ['M_INVALID_PARAM'],
} as const;
const lockPaths = v1Paths('/admin/lock/{userId}');
const suspendPaths = v1Paths('/admin/suspend/{userId}');

export const getAdminLockUser = accountEndpoint({
  ...shared,
  operationId: 'getAdminLockUser',
  summary: 'Whether an account is locked',
  method: 'GET',
  paths: lockPaths,
  async handle({ params }, { accounts }) {
    return { locked: (await moderatedAccount(accounts, params.userId)).isLocked };
  },
});

export const setAdminLockUser = accountEndpoint({
  ...shared,
  operationId: 'setAdminLockUser',
  summary: 'Lock an account, or unlock it',
  method: 'PUT',
  paths: lockPaths,
  body: Type.Object({ locked: Type.Boolean() }),
  async handle({ params, body: { locked } }, { accounts }) {
    const account = await moderatedAccount(accounts, params.userId);
    await setAccountFlags(accounts, account, { isLocked: locked });
    return { locked };
  },
});

export const getAdminSuspendUser = accountEndpoint({
  ...shared,
  operationId: 'getAdminSuspendUser',
  summary: 'Whether an account is suspended',
  method: 'GET',
  paths: suspendPaths,
  async handle({ params }, { accounts }) {
    return { suspended: (await moderatedAccount(accounts, params.userId)).isSuspended };
  },
});

export const setAdminSuspendUser = accountEndpoint({
  ...shared,
  operationId: 'setAdminSuspendUser',
  summary: 'Suspend an account, or let it act again',
  method: 'PUT',
  paths: suspendPaths,
  body: Type.Object({ suspended: Type.Boolean() }),
  async handle({ params, body: { suspended } }, { accounts }) {
    const account = await moderatedAccount(accounts, params.userId);
    await setAccountFlags(accounts, account, { isSuspended: suspended });
    return { suspended };
  },
});
