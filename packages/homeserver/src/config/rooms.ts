import { DEFAULT_ROOM_VERSION, supportedRoomVersions } from '@soma/protocol';

import { prejoin } from './prejoin-state.ts';
import { anyMapping, convert, mapOf, object } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, integer, number, oneOf, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import { describeFound } from './schema/site.ts';
import { duration } from './schema/units.ts';
import type { ValueType } from './schema/value-type.ts';

export type RoomsConfig = SectionValue<typeof roomsSection>;
export type AutoAcceptInvites = RoomsConfig['autoAcceptInvites'];
export type LimitRemoteRooms = RoomsConfig['limitRemoteRooms'];
export type RoomPreset = (typeof PRESETS)[number];

const PRESETS = ['public_chat', 'private_chat', 'trusted_private_chat'] as const;
const ROOM_VERSIONS = supportedRoomVersions();

const ROOM_VERSION = `a room version: one of ${ROOM_VERSIONS.join(', ')}`;

/** Also written without quotes, which YAML takes for a number. */
const roomVersion: ValueType<string> = {
  expected: ROOM_VERSION,
  jsonSchema: { type: ['string', 'integer'] },
  read: (value, site) =>
    ROOM_VERSIONS.find((version) => version === value || Number(version) === value) ??
    site.refuse(ROOM_VERSION, describeFound(value)),
};

const powerLevelContent = convert(mapOf(anyMapping), (content, site) => {
  const unknown = Object.keys(content).find((preset) => !PRESETS.some((known) => known === preset));
  return unknown === undefined
    ? content
    : site.refuse(`presets among ${PRESETS.join(', ')}`, JSON.stringify(unknown));
});

/** Keys as Synapse has them, and its words for the refusal. */
const limitRemoteRooms = object({
  enabled: option({
    name: 'enabled',
    valueType: flag,
    default: false,
    description: 'Whether there is a limit.',
  }),
  complexityMax: option({
    name: 'complexity',
    valueType: number(0),
    default: 1,
    description:
      'The greatest complexity that is joined: the number of state events divided by 500.',
  }),
  refusal: option({
    name: 'complexity_error',
    valueType: text('a text'),
    default:
      'Your homeserver is unable to join rooms this large or complex. Please speak to your server ' +
      'administrator, or upgrade your instance to join this room.',
    description: 'What the user is told.',
  }),
  adminsMayJoin: option({
    name: 'admins_can_join',
    valueType: flag,
    default: false,
    description: 'Whether administrators of the server may join all the same.',
  }),
});

const autoAcceptInvites = object({
  enabled: option({
    name: 'enabled',
    valueType: flag,
    default: false,
    description: 'Whether they are.',
  }),
  directOnly: option({
    name: 'only_for_direct_messages',
    valueType: flag,
    default: false,
    description: 'Whether only invitations to direct chats are.',
  }),
  localOnly: option({
    name: 'only_from_local_users',
    valueType: flag,
    default: false,
    description: 'Whether only invitations by users of this server are.',
  }),
});

export const roomsSection = section(
  'Rooms',
  {
    maxEventDelayMs: option({
      name: 'max_event_delay_duration',
      valueType: duration,
      description:
        'How long sending an event may be put off (MSC4140), as calls need it. Not set, no event can be.',
      example: '24h',
    }),
    defaultRoomVersion: option({
      name: 'default_room_version',
      valueType: roomVersion,
      default: DEFAULT_ROOM_VERSION,
      description: 'The version of rooms for which the client asks for no version.',
      differs: 'The default is "12", which the specification recommends; Synapse has its own.',
    }),
    encryptionEnabledByDefaultForRoomType: option({
      name: 'encryption_enabled_by_default_for_room_type',
      valueType: oneOf(['all', 'invite', 'off', false]),
      default: 'off',
      description:
        'Which new rooms are encrypted without being asked: `all`, `invite` (the private presets) ' +
        'or `off`.',
    }),
    defaultPowerLevelContentOverride: option({
      name: 'default_power_level_content_override',
      valueType: powerLevelContent,
      default: {},
      description: 'Keys of the first power levels of a new room, by the preset of the room.',
      example: { private_chat: { events: { 'm.room.topic': 0 } } },
    }),
    blockNonAdminInvites: option({
      name: 'block_non_admin_invites',
      valueType: flag,
      default: false,
      description: 'Whether only administrators of the server may invite.',
    }),
    limitRemoteRooms: option({
      name: 'limit_remote_rooms',
      valueType: limitRemoteRooms,
      default: {},
      description: 'How large a room on other servers may be for users of this one to join it.',
      example: { enabled: true, complexity: 50 },
    }),
    cleanupExtremitiesWithDummyEvents: option({
      name: 'cleanup_extremities_with_dummy_events',
      valueType: flag,
      default: true,
      description:
        'Whether the server sends events that nobody sees (`org.matrix.dummy_event`) to rooms whose history has too many ' +
        'ends, in the name of a user of its own.',
    }),
    dummyEventsThreshold: option({
      name: 'dummy_events_threshold',
      valueType: integer(1),
      default: 10,
      description: 'How many ends are not too many yet.',
    }),
    prejoinState: option({
      name: 'room_prejoin_state',
      valueType: prejoin,
      default: {},
      description: 'What of a room is shown to those who are invited to it or knock at it.',
      differs: 'The create event is always shown, since clients need it.',
      example: { additional_event_types: ['org.example.theme', ['org.example.banner', 'small']] },
    }),
    autoAcceptInvites: option({
      name: 'auto_accept_invites',
      valueType: autoAcceptInvites,
      default: {},
      description: 'Whether invitations of users of this server are accepted for them.',
      example: { enabled: true, only_for_direct_messages: true },
    }),
    forgetRoomsOnLeave: option({
      name: 'forget_rooms_on_leave',
      valueType: flag,
      default: false,
      description: 'Whether a room that a user leaves is forgotten for that user at once.',
    }),
  },
  (values) => ({
    ...values,
    encryptionEnabledByDefaultForRoomType: offWhenFalse(
      values.encryptionEnabledByDefaultForRoomType,
    ),
  }),
);

/** YAML 1.1 reads a plain `off` as false. */
function offWhenFalse<T extends string>(value: T | false): T | 'off' {
  return value === false ? 'off' : value;
}
