import { object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import { duration } from './schema/units.ts';

export type PushConfig = SectionValue<typeof pushSection>;

const push = object({
  enabled: option({
    name: 'enabled',
    valueType: flag,
    default: true,
    description: 'Whether pushers are told of anything; without it they are only kept.',
  }),
  includeContent: option({
    name: 'include_content',
    valueType: flag,
    default: true,
    description:
      'Whether a push gateway learns the content of events and the names of senders and rooms.',
  }),
  groupUnreadCountByRoom: option({
    name: 'group_unread_count_by_room',
    valueType: flag,
    default: true,
    description: 'Whether the number on the app is that of unread rooms, or of unread messages.',
  }),
  jitterDelayMs: option({
    name: 'jitter_delay',
    valueType: duration,
    default: '0s',
    description:
      'Up to how long a push waits, at random, so that its time does not tell what it is about.',
  }),
  allowHttp: option({
    name: 'allow_http',
    valueType: flag,
    default: true,
    description:
      'Whether a push gateway may have an `http://` address, as with Synapse. The specification wants `https://`.',
  }),
});

export const pushSection = section(
  'Push notifications',
  {
    push: option({
      name: 'push',
      valueType: push,
      default: {},
      description:
        'How apps are told of what happens while they sleep. Gateways in a private network need ' +
        'an entry in `ip_range_whitelist` too.',
      example: { include_content: false },
    }),
  },
  ({ push: values }) => values,
);
