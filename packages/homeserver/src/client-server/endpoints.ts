import type { Endpoint } from '../http/endpoint.ts';
import { accountEndpoints } from './account-endpoints.ts';
import { createRoomEndpoints } from './create-room.ts';
import { mediaDownloadEndpoints } from './media-download.ts';
import { mediaUploadEndpoints } from './media-upload.ts';
import { pushRuleEndpoints } from './push-rules.ts';
import { readMarkerEndpoints } from './read-markers.ts';
import { receiptEndpoints } from './receipts.ts';
import { membershipEndpoints } from './room-membership.ts';
import { roomReadingEndpoints } from './room-reading.ts';
import { sendEndpoints } from './send-events.ts';
import type { ClientServices } from './services.ts';
import { syncEndpoints } from './sync.ts';
import { typingEndpoints } from './typing.ts';

/** Those that `enable_media_repo: false` turns off. */
export const mediaEndpoints: readonly Endpoint<ClientServices>[] = [
  ...mediaUploadEndpoints,
  ...mediaDownloadEndpoints,
];

/** Every endpoint of the client-server API that Soma serves. */
export const clientEndpoints: readonly Endpoint<ClientServices>[] = [
  ...accountEndpoints,
  ...createRoomEndpoints,
  ...membershipEndpoints,
  ...sendEndpoints,
  ...roomReadingEndpoints,
  ...syncEndpoints,
  ...receiptEndpoints,
  ...readMarkerEndpoints,
  ...typingEndpoints,
  ...pushRuleEndpoints,
  ...mediaEndpoints,
];
