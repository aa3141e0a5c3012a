import { option } from './schema/option.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import { duration, retentionPeriod } from './schema/units.ts';

export type UpkeepConfig = SectionValue<typeof upkeepSection>;

export const upkeepSection = section(
  'Upkeep',
  {
    redactedKeptMs: option({
      name: 'redaction_retention_period',
      valueType: retentionPeriod,
      default: '7d',
      description:
        'How long the database keeps what was redacted; nobody is shown it meanwhile. `null` keeps it.',
    }),
    addressesKeptMs: option({
      name: 'user_ips_max_age',
      valueType: retentionPeriod,
      default: '28d',
      description:
        'How long the database keeps from which address, and with which program, a device was last used. ' +
        '`null` keeps it.',
    }),
    staleDevicesKeptMs: option({
      name: 'delete_stale_devices_after',
      valueType: duration,
      description: 'After how long without use a device is logged out and deleted.',
      example: '1y',
    }),
  },
  (values) => values,
);
