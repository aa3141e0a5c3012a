import { option } from './schema/option.ts';
import { integer } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';

export type SyncConfig = SectionValue<typeof syncSection>;

export const syncSection = section(
  'Sync',
  {
    filterTimelineLimit: option({
      name: 'filter_timeline_limit',
      valueType: integer(-1, 100_000, 'a number of events'),
      default: 100,
      description:
        'The most events of one room that a sync returns, whatever the filter asks for; -1 sets no ' +
        'bound.',
    }),
  },
  (values) => values,
);
