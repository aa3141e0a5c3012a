import type { Config } from './config/config.ts';
import { RateLimiter } from './http/rate-limit.ts';
import { askOtherServer } from './media/ask-other-server.ts';
import type { MediaRepository } from './media/media.ts';
import type { MediaOptions } from './media/open-media.ts';
import { openMedia } from './media/open-media.ts';
import { previewImages } from './media/preview-images.ts';
import { openUrlPreviews } from './media/previews/url-previews.ts';
import type { UrlPreviews } from './media/previews/url-previews.ts';
import type { Federation } from './open-federation.ts';
import { roomAvatars } from './rooms/media-in-room.ts';
import type { Rooms } from './rooms/rooms.ts';

export interface MediaServices {
  readonly media: MediaRepository;
  readonly remoteMediaBytes: RateLimiter;
  readonly urlPreviews: UrlPreviews | undefined;
}

export interface MediaParts extends Pick<MediaOptions, 'database' | 'names' | 'logger' | 'now'> {
  readonly config: Config;
  readonly rooms: Rooms;
  readonly federation: Federation;
}

/** Opens the media repository and the previews of links, which keep their pictures in it. */
export async function openMediaServices(
  parts: MediaParts,
): Promise<MediaServices & { close(): Promise<void> }> {
  const { config, database, logger, now, rooms, federation } = parts;
  const { uploadBytesMax, remoteBytesPerSecond, remoteBurstBytes, enabled } = config.media;
  const media = await openMedia({
    ...parts,
    fetchRemote: askOtherServer(federation.fetchRemoteMedia, uploadBytesMax),
    roomAvatars: () => roomAvatars(rooms),
  });
  const images = enabled ? previewImages(media) : undefined;
  const urlPreviews = openUrlPreviews({ database, config, images, logger, now });
  return {
    media,
    remoteMediaBytes: new RateLimiter(
      { perSecond: remoteBytesPerSecond, burstCount: remoteBurstBytes },
      { now },
    ),
    urlPreviews,
    close: async () => {
      await urlPreviews?.close();
      await media.close();
    },
  };
}
