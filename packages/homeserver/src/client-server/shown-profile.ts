import type { JsonObject } from '@soma/protocol';

import { memberContent } from '../membership/join-room.ts';
import type { ClientServices } from './services.ts';

/**
 * The content of a member event with the profile that it shows. An invitation shows that of who is invited; who joins or knocks
 * may give another one in its place, where the operator allows that. Throws `403 M_FORBIDDEN` for a picture that users may not have.
 */
export async function withShownProfile(
  { rooms, config, checkAvatar }: ClientServices,
  sender: string,
  target: string,
  content: JsonObject,
): Promise<JsonObject> {
  const { membership } = content;
  if (membership === 'invite') {
    return { ...memberContent(undefined, await rooms.profileOfInvited(target)), ...content };
  }
  if (target !== sender || (membership !== 'join' && membership !== 'knock')) return content;
  const profile = memberContent(undefined, await rooms.profileOf(sender));
  if (!config.profiles.allowPerRoomProfiles) {
    const { displayname: _name, avatar_url: _url, ...others } = content;
    return { ...others, ...profile };
  }
  const { avatar_url: avatarUrl } = content;
  if (typeof avatarUrl === 'string') await checkAvatar(avatarUrl);
  return { ...profile, ...content };
}
