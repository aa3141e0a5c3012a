import { listOf } from './schema/compounds.ts';
import { option } from './schema/option.ts';
import { flag, text } from './schema/scalars.ts';
import { section } from './schema/section.ts';
import type { SectionValue } from './schema/section.ts';
import { size } from './schema/units.ts';

export type ProfilesConfig = SectionValue<typeof profilesSection>;

export const profilesSection = section(
  'Profiles',
  {
    requireAuthForProfileRequests: option({
      name: 'require_auth_for_profile_requests',
      valueType: flag,
      default: false,
      description: 'Whether a profile is shown to users of this server alone.',
    }),
    limitProfileRequestsToUsersWhoShareRooms: option({
      name: 'limit_profile_requests_to_users_who_share_rooms',
      valueType: flag,
      default: false,
      description:
        'Whether a profile is shown only to those who share a room with its owner. It needs ' +
        '`require_auth_for_profile_requests`.',
    }),
    includeProfileDataOnInvite: option({
      name: 'include_profile_data_on_invite',
      valueType: flag,
      default: true,
      description: 'Whether an invite carries the name and the picture of the invited user.',
    }),
    enableSetDisplayname: option({
      name: 'enable_set_displayname',
      valueType: flag,
      default: true,
      description: 'Whether users may change their display name; administrators always may.',
    }),
    enableSetAvatarUrl: option({
      name: 'enable_set_avatar_url',
      valueType: flag,
      default: true,
      description: 'Whether users may change their picture; administrators always may.',
    }),
    allowPerRoomProfiles: option({
      name: 'allow_per_room_profiles',
      valueType: flag,
      default: true,
      description: 'Whether users may have another name and picture in a room than elsewhere.',
    }),
    avatarBytesMax: option({
      name: 'max_avatar_size',
      valueType: size,
      description: 'How large the picture of a user may be. Not set, no picture is too large.',
      example: '10M',
    }),
    avatarTypes: option({
      name: 'allowed_avatar_mimetypes',
      valueType: listOf(text('a media type')),
      description: 'The media types that the picture of a user may have. Not set, it may have any.',
      example: ['image/png', 'image/jpeg', 'image/gif'],
    }),
  },
  (values) => values,
);
