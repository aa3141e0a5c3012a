import { anyMapping, listOf, object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import { duration } from './schema/units.ts';

export type RetentionConfig = SectionValue<typeof retentionSection>;

const defaultPolicy = object({
  minLifetimeMs: option({
    name: 'min_lifetime',
    valueType: duration,
    later: true,
    description: 'How long a message is kept at least.',
  }),
  maxLifetimeMs: option({
    name: 'max_lifetime',
    valueType: duration,
    description: 'How long a message is shown at most.',
  }),
});

const retention = object({
  enabled: option({
    name: 'enabled',
    valueType: flag,
    default: false,
    description: 'Whether messages older than their room keeps them are shown to nobody.',
  }),
  defaultPolicy: option({
    name: 'default_policy',
    valueType: defaultPolicy,
    default: {},
    description: 'For rooms without `m.room.retention`.',
  }),
  allowedLifetimeMinMs: option({
    name: 'allowed_lifetime_min',
    valueType: duration,
    description: 'A room cannot ask for less.',
  }),
  allowedLifetimeMaxMs: option({
    name: 'allowed_lifetime_max',
    valueType: duration,
    description: 'A room cannot ask for more.',
  }),
  purgeJobs: option({
    name: 'purge_jobs',
    valueType: listOf(anyMapping),
    default: [],
    later: true,
    description: 'When expired messages are taken out of the database.',
  }),
});

export const retentionSection = section(
  'Message retention',
  {
    retention: option({
      name: 'retention',
      valueType: retention,
      default: {},
      description: 'How long messages are shown (`m.room.retention`).',
      example: { enabled: true, default_policy: { max_lifetime: '1y' } },
      differs: 'Expired messages are hidden, and stay in the database.',
    }),
  },
  ({ retention: values }) => values,
);
