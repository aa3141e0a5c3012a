import { supportedRoomVersions } from '@soma/protocol';

import type { Config } from '../config/config.ts';
import { clientPaths } from '../http/endpoint.ts';
import { accountEndpoint } from './services.ts';

export const getCapabilities = accountEndpoint({
  operationId: 'getCapabilities',
  summary: 'What the server lets the user do',
  spec: 'Capabilities negotiation',
  method: 'GET',
  paths: clientPaths('/capabilities'),
  authentication: 'required',
  errcodes: [],
  handle: (_request, { config }) => ({ capabilities: capabilitiesOf(config) }),
});

function capabilitiesOf({ rooms, passwords, profiles }: Config): object {
  const { enableSetDisplayname, enableSetAvatarUrl } = profiles;
  const allowed = [
    ...(enableSetDisplayname ? ['displayname'] : []),
    ...(enableSetAvatarUrl ? ['avatar_url'] : []),
  ];
  const available = Object.fromEntries(supportedRoomVersions().map((id) => [id, 'stable']));
  return {
    'm.room_versions': { default: rooms.defaultRoomVersion, available },
    'm.change_password': { enabled: passwords.enabled !== false && passwords.localdbEnabled },
    'm.set_displayname': { enabled: enableSetDisplayname },
    'm.set_avatar_url': { enabled: enableSetAvatarUrl },
    'm.3pid_changes': { enabled: false },
    'm.get_login_token': { enabled: false },
    'm.forget_forced_upon_leave': { enabled: rooms.forgetRoomsOnLeave },
    'm.profile_fields': { enabled: allowed.length > 0, allowed },
  };
}
