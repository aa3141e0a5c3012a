import { object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';

export type SearchConfig = SectionValue<typeof searchSection>;

const userDirectory = object({
  enabled: option({
    name: 'enabled',
    valueType: flag,
    default: true,
    description: 'Whether users can search for users; without it nobody is found.',
  }),
  searchAllUsers: option({
    name: 'search_all_users',
    valueType: flag,
    default: false,
    description:
      'Whether every user of the server is found, or only those who share a room with the searcher or ' +
      'are in a public room.',
  }),
  preferLocalUsers: option({
    name: 'prefer_local_users',
    valueType: flag,
    default: false,
    description: 'Whether the users of this server come first.',
  }),
  excludeRemoteUsers: option({
    name: 'exclude_remote_users',
    valueType: flag,
    default: false,
    description: 'Whether users of other servers are left out.',
  }),
  showLockedUsers: option({
    name: 'show_locked_users',
    valueType: flag,
    default: false,
    description: 'Whether users whose account is locked are found.',
  }),
});

export const searchSection = section(
  'Search',
  {
    enableSearch: option({
      name: 'enable_search',
      valueType: flag,
      default: true,
      description: 'Whether users can search messages; without it no index is kept.',
    }),
    userDirectory: option({
      name: 'user_directory',
      valueType: userDirectory,
      default: {},
      description: 'How users are found by their name.',
    }),
  },
  (values) => values,
);
