import { parseUserId, serverNameOf } from '@soma/protocol';

import type { Device } from '../accounts/device-store.ts';
import { findAccount } from '../accounts/find-account.ts';
import { listDevices } from '../accounts/list-devices.ts';
import { forbidden, invalidParam, notFound } from '../errors/matrix-error.ts';
import { clientPaths } from '../http/endpoint.ts';
import { accountEndpoint } from './services.ts';

export const getWhoIs = accountEndpoint({
  operationId: 'getWhoIs',
  summary: 'From where a user’s devices were last used',
  spec: 'Server administration',
  method: 'GET',
  paths: clientPaths('/admin/whois/{userId}'),
  authentication: 'required',
  errcodes: ['M_INVALID_PARAM'],
  async handle({ requester, params: { userId } }, { accounts }) {
    if (!requester.isAdmin && requester.userId !== userId) {
      throw forbidden('Only administrators may look at other users');
    }
    const parsed = parseUserId(userId);
    if (parsed === undefined || serverNameOf(parsed) !== accounts.serverName) {
      throw invalidParam('The user is not of this server');
    }
    const account = await findAccount(accounts, userId);
    if (account === undefined) throw notFound('User not found');
    const devices = await listDevices(accounts, account.userNid);
    return { user_id: userId, devices: Object.fromEntries(devices.map(toSessions)) };
  },
});

/** A device has one session here, and one place where it was last seen. */
function toSessions({ deviceId, lastSeen }: Device): [deviceId: string, json: object] {
  const connections =
    lastSeen?.place === undefined
      ? []
      : [
          {
            ip: lastSeen.place.ip,
            last_seen: lastSeen.tsMs,
            user_agent: lastSeen.place.userAgent,
          },
        ];
  return [deviceId, { sessions: [{ connections }] }];
}
