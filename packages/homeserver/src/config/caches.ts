import { mapOf, object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, number } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import { duration, size } from './schema/units.ts';

export type CachesConfig = SectionValue<typeof cachesSection>;

const cacheFields = object({
  globalFactor: option({
    name: 'global_factor',
    valueType: number(0),
    default: 0.5,
    description: 'What the size of every cache is multiplied by.',
  }),
  perCacheFactors: option({
    name: 'per_cache_factors',
    valueType: mapOf(number(0)),
    default: {},
    description: 'Factors for single caches by their name, in place of `global_factor`.',
    example: { get_users_in_room: 2 },
  }),
  expireCaches: option({
    name: 'expire_caches',
    valueType: flag,
    default: true,
    description: 'Whether entries that were not used for `cache_entry_ttl` are dropped.',
  }),
  cacheEntryTtlMs: option({
    name: 'cache_entry_ttl',
    valueType: duration,
    default: '30m',
    description: 'How long an entry stays that nobody uses.',
  }),
});

export const cachesSection = section(
  'Caches',
  {
    eventCacheSize: option({
      name: 'event_cache_size',
      valueType: size,
      default: '10K',
      description: 'How many events are kept in memory; K is 1024.',
    }),
    caches: option({
      name: 'caches',
      valueType: cacheFields,
      default: {},
      description: 'How large the caches are, and how long they keep what is not used.',
      example: { global_factor: 1, cache_entry_ttl: '1h' },
    }),
  },
  ({ eventCacheSize, caches }) => ({ eventCacheSize, ...caches }),
);
