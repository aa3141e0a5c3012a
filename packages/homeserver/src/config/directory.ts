import { listOf, object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, oneOf, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';

export type DirectoryConfig = SectionValue<typeof directorySection>;

const pattern = text('a pattern in which * stands for anything');

const rules = listOf(
  object({
    userId: option({
      name: 'user_id',
      valueType: pattern,
      default: '*',
      description: 'Who asks.',
    }),
    alias: option({
      name: 'alias',
      valueType: pattern,
      default: '*',
      description: 'The alias, or one of the room.',
    }),
    roomId: option({ name: 'room_id', valueType: pattern, default: '*', description: 'The room.' }),
    action: option({
      name: 'action',
      valueType: oneOf(['allow', 'deny']),
      default: 'allow',
      description: 'What is done where all patterns match.',
    }),
  }),
);

/** What an operator lets happen; the first rule that matches decides, and without one it is denied. */
export type DirectoryRules = NonNullable<DirectoryConfig['aliasCreationRules']>;

const FIRST_MATCH =
  'The first rule that matches decides; what no rule matches is denied. Not set, everything is allowed.';

export const directorySection = section(
  'Room directory',
  {
    allowPublicRoomsWithoutAuth: option({
      name: 'allow_public_rooms_without_auth',
      valueType: flag,
      default: false,
      description: 'Whether the published rooms are shown to who has no account.',
    }),
    allowPublicRoomsOverFederation: option({
      name: 'allow_public_rooms_over_federation',
      valueType: flag,
      default: false,
      description: 'Whether other servers may read the published rooms.',
    }),
    enableRoomListSearch: option({
      name: 'enable_room_list_search',
      valueType: flag,
      default: true,
      description: 'Whether there is a list of published rooms; without it, it is empty.',
    }),
    requireMembershipForAliases: option({
      name: 'require_membership_for_aliases',
      valueType: flag,
      default: true,
      description: 'Whether only members of a room may give it an alias.',
    }),
    aliasCreationRules: option({
      name: 'alias_creation_rules',
      valueType: rules,
      description: `Who may make which aliases. ${FIRST_MATCH}`,
      example: [{ user_id: '@bad_user:example.org', action: 'deny' }, { action: 'allow' }],
    }),
    roomListPublicationRules: option({
      name: 'room_list_publication_rules',
      valueType: rules,
      description: `Who may publish which rooms. ${FIRST_MATCH}`,
      example: [{ room_id: '!secret*', action: 'deny' }, { action: 'allow' }],
      differs:
        'When it is not set, whoever may rename a room may publish it, as the specification has it.',
    }),
  },
  (values) => values,
);
