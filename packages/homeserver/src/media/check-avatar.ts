import type { ProfilesConfig } from '../config/config.ts';
import { forbidden } from '../errors/matrix-error.ts';
import { parseMxc } from './media-id.ts';
import { OWN, readMedia } from './media-store.ts';
import type { MediaRepository } from './media.ts';

/** Throws `403 M_FORBIDDEN` for a picture that the operator lets no user have; the empty text is none. */
export async function checkAvatar(
  { database, serverName }: Pick<MediaRepository, 'database' | 'serverName'>,
  { avatarBytesMax, avatarTypes }: ProfilesConfig,
  avatarUrl: string,
): Promise<void> {
  if (avatarUrl === '' || (avatarBytesMax === undefined && avatarTypes === undefined)) return;
  const name = parseMxc(avatarUrl);
  const origin = name?.serverName === serverName ? OWN : name?.serverName;
  const media =
    name === undefined ? undefined : await readMedia(database.reader, origin ?? OWN, name.mediaId);
  const bytes = media?.content?.bytes ?? Infinity;
  const isOfType = avatarTypes?.includes(media?.mediaType ?? '') ?? true;
  if (bytes > (avatarBytesMax ?? Number.MAX_SAFE_INTEGER) || !isOfType) {
    throw forbidden('This server does not allow this picture');
  }
}
