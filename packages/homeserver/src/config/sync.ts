import { listOf } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { integer, text } from './schema/scalars.ts';
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
    excludedRooms: option({
      name: 'exclude_rooms_from_sync',
      valueType: listOf(text('a room ID', (value) => value.startsWith('!'))),
      default: [],
      description: 'Rooms that no client is told of when it synchronises, whoever is in them.',
      example: ['!room:example.org'],
    }),
  },
  (values) => values,
);
