import { object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, oneOf } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import { duration } from './schema/units.ts';

export type PresenceConfig = SectionValue<typeof presenceSection>;

const presenceFields = object({
  enabled: option({
    name: 'enabled',
    valueType: oneOf([true, false, 'untracked']),
    description:
      'Whether it is followed who is online. `untracked`, with which other parts of a server may ' +
      'tell of it, is like `false` here. The default is `true`.',
  }),
  includeOfflineUsersOnSync: option({
    name: 'include_offline_users_on_sync',
    valueType: flag,
    default: false,
    description: 'Whether the first sync of a client tells also of users who are offline.',
  }),
  lastActiveGranularityMs: option({
    name: 'last_active_granularity',
    valueType: duration,
    default: '1m',
    description: 'How long after doing something a user is "currently active".',
  }),
  syncOnlineTimeoutMs: option({
    name: 'sync_online_timeout',
    valueType: duration,
    default: '30s',
    description: 'How long after its last sync a device counts as gone.',
  }),
  idleTimeoutMs: option({
    name: 'idle_timeout',
    valueType: duration,
    default: '5m',
    description: 'How long a user who does nothing is shown as online.',
  }),
});

export const presenceSection = section(
  'Presence',
  {
    presence: option({
      name: 'presence',
      valueType: presenceFields,
      default: {},
      description: 'Who is online.',
      example: { enabled: false },
    }),
    usePresence: option({
      name: 'use_presence',
      valueType: flag,
      description: 'The old name of `presence.enabled`, which wins where both are set.',
    }),
  },
  ({ presence: { enabled, ...rest }, usePresence }) => ({
    ...rest,
    enabled: (enabled ?? usePresence ?? true) === true,
  }),
);
