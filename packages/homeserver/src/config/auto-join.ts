import { parseRoomAlias } from '@soma/protocol';

import { listOf } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, oneOf, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';

export type AutoJoinConfig = SectionValue<typeof autoJoinSection>;

const alias = text('a room alias', (value) => parseRoomAlias(value) !== undefined);

export const autoJoinSection = section(
  'Rooms of new users',
  {
    aliases: option({
      name: 'auto_join_rooms',
      valueType: listOf(alias),
      default: [],
      description: 'The aliases of rooms that every new user joins.',
      example: ['#welcome:example.org'],
    }),
    creates: option({
      name: 'autocreate_auto_join_rooms',
      valueType: flag,
      default: true,
      description: 'Whether these rooms are made, when a user registers and they are not there.',
    }),
    createsFederated: option({
      name: 'autocreate_auto_join_rooms_federated',
      valueType: flag,
      default: true,
      description: 'Whether users of other servers may join the rooms that are made so.',
    }),
    preset: option({
      name: 'autocreate_auto_join_room_preset',
      valueType: oneOf(['public_chat', 'private_chat', 'trusted_private_chat']),
      default: 'public_chat',
      description:
        'What kind of room is made. Anything but `public_chat` needs `auto_join_mxid_localpart`, ' +
        'whose user invites the others.',
    }),
    localpart: option({
      name: 'auto_join_mxid_localpart',
      valueType: text('the name of a user', (value) => /^[a-z0-9._=/+-]+$/.test(value)),
      description:
        'The user who makes these rooms, and invites new users to those that need it. Not set, ' +
        'the first user who registers makes them.',
      example: 'system',
    }),
    includesGuests: option({
      name: 'auto_join_rooms_for_guests',
      valueType: flag,
      default: true,
      description: 'Whether guests join these rooms as well.',
    }),
  },
  (values, siteOf) =>
    values.preset !== 'public_chat' && values.localpart === undefined
      ? siteOf('autocreate_auto_join_room_preset').refuse(
          'public_chat, or auto_join_mxid_localpart beside it',
          values.preset,
        )
      : values,
);
