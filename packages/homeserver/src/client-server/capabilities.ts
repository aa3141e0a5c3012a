import { supportedRoomVersions } from '@soma/protocol';

import type { Config } from '../config/config.ts';
import { clientPaths } from '../http/endpoint.ts';
import type { Requester } from '../http/endpoint.ts';
import { DELAYED_MAX } from '../rooms/delayed/delayed-events.ts';
import { accountEndpoint } from './services.ts';

export const getCapabilities = accountEndpoint({
  operationId: 'getCapabilities',
  summary: 'What the server lets the user do',
  spec: 'Capabilities negotiation',
  method: 'GET',
  paths: clientPaths('/capabilities'),
  authentication: 'required',
  errcodes: [],
  handle: ({ requester }, { config }) => ({
    capabilities: { ...capabilitiesOf(config), ...moderation(requester) },
  }),
});

/** Left out for those who may do neither. */
function moderation({ isAdmin }: Requester): object {
  return isAdmin ? { 'm.account_moderation': { suspend: true, lock: true } } : {};
}

function capabilitiesOf({ rooms, passwords, profiles, sessions, threePids }: Config): object {
  const { enableSetDisplayname, enableSetAvatarUrl } = profiles;
  const disallowed = [
    ...(enableSetDisplayname ? [] : ['displayname']),
    ...(enableSetAvatarUrl ? [] : ['avatar_url']),
  ];
  const profileFields = { enabled: true, ...(disallowed.length > 0 ? { disallowed } : {}) };
  const available = Object.fromEntries(supportedRoomVersions().map((id) => [id, 'stable']));
  return {
    'm.room_versions': { default: rooms.defaultRoomVersion, available },
    'm.change_password': { enabled: passwords.enabled !== false && passwords.localdbEnabled },
    'm.set_displayname': { enabled: enableSetDisplayname },
    'm.set_avatar_url': { enabled: enableSetAvatarUrl },
    'm.3pid_changes': { enabled: threePids.enableChanges },
    'm.get_login_token': { enabled: sessions.viaExistingSession.enabled },
    'm.forget_forced_upon_leave': { enabled: rooms.forgetRoomsOnLeave },
    'org.matrix.msc4140.delayed_events': {
      max_delay_ms: rooms.maxEventDelayMs ?? 0,
      max_scheduled: DELAYED_MAX,
    },
    'm.profile_fields': profileFields,
    // The names that the proposals used, which clients still ask for.
    'org.matrix.msc4267.forget_forced_upon_leave': { enabled: rooms.forgetRoomsOnLeave },
    'uk.tcpip.msc4133.profile_fields': profileFields,
  };
}
