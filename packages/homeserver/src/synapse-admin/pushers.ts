import { readPushersOfUser } from '../push/pushers/pusher-store.ts';
import type { Pusher } from '../push/pushers/pusher-store.ts';
import { localAccount } from './local-user.ts';
import { adminEndpoint } from './services.ts';

export const listPushers = adminEndpoint({
  operationId: 'adminListPushers',
  summary: 'List the pushers of a user',
  spec: 'Synapse admin API: users',
  method: 'GET',
  paths: ['/_synapse/admin/v1/users/{userId}/pushers'],
  authentication: 'admin',
  errcodes: ['M_INVALID_PARAM', 'M_NOT_FOUND'],
  async handle({ params }, { accounts }) {
    const { userNid } = await localAccount(accounts, params.userId);
    const pushers = await readPushersOfUser(accounts.database.reader, userNid);
    return { pushers: pushers.map(toAdminPusher), total: pushers.length };
  },
});

function toAdminPusher({ kind, appId, pushkey, description, ...pusher }: Pusher): object {
  return {
    kind,
    app_id: appId,
    pushkey,
    ...description,
    enabled: pusher.isEnabled,
    device_id: pusher.deviceId ?? null,
  };
}
