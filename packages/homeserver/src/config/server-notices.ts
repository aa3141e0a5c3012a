import { object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';

export type ServerNoticesConfig = SectionValue<typeof serverNoticesSection>;
export type NoticesSettings = NonNullable<ServerNoticesConfig['notices']>;

const anyText = text('a text', () => true);

const notices = object({
  localpart: option({
    name: 'system_mxid_localpart',
    valueType: text('the name of a user', (value) => /^[a-z0-9.=/+-][a-z0-9._=/+-]*$/.test(value)),
    required: true,
    description: 'The name of the user who writes the notices.',
  }),
  displayName: option({
    name: 'system_mxid_display_name',
    valueType: anyText,
    default: 'Notices',
    description: 'The display name of this user.',
  }),
  avatarUrl: option({
    name: 'system_mxid_avatar_url',
    valueType: anyText,
    description: 'The picture of this user.',
  }),
  roomName: option({
    name: 'room_name',
    valueType: anyText,
    default: 'Server Notices',
    description: 'The name of the rooms.',
  }),
  roomAvatarUrl: option({
    name: 'room_avatar_url',
    valueType: anyText,
    description: 'The picture of the rooms.',
  }),
  roomTopic: option({
    name: 'room_topic',
    valueType: anyText,
    description: 'The topic of the rooms.',
  }),
  joinsUsers: option({
    name: 'auto_join',
    valueType: flag,
    default: false,
    description: 'Whether users are in their room at once, in place of being invited.',
  }),
});

export const serverNoticesSection = section(
  'Server notices',
  {
    notices: option({
      name: 'server_notices',
      valueType: notices,
      description:
        'How administrators write to users in the name of the server, each in a room of its own. Not set, they do not.',
      example: { system_mxid_localpart: 'notices', room_name: 'Notices of example.org' },
    }),
  },
  (values) => values,
);
