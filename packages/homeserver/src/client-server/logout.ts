import { logOutEverywhere } from '../accounts/log-out-everywhere.ts';
import { logOut } from '../accounts/log-out.ts';
import { clientPaths } from '../http/endpoint.ts';
import { accountEndpoint } from './services.ts';

// A body is neither needed nor read: clients send none, or `{}`.
const shared = {
  spec: 'Legacy login',
  method: 'POST',
  authentication: 'required',
  guests: true,
  locked: true,
  errcodes: [],
} as const;

export const logout = accountEndpoint({
  ...shared,
  operationId: 'logout',
  summary: 'End this session',
  paths: clientPaths('/logout', { apiV1: true }),
  async handle({ requester }, { accounts }) {
    await logOut(accounts, requester);
    return {};
  },
});

export const logoutAll = accountEndpoint({
  ...shared,
  operationId: 'logout_all',
  summary: 'End all sessions of the user',
  paths: clientPaths('/logout/all', { apiV1: true }),
  async handle({ requester }, { accounts }) {
    await logOutEverywhere(accounts, requester.userNid);
    return {};
  },
});
