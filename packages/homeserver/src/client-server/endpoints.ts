import type { Endpoint } from '../http/endpoint.ts';
import { accountEndpoints } from './account-endpoints.ts';
import { withActivity } from './activity.ts';
import { applicationServiceEndpoints } from './application-services.ts';
import { createRoomEndpoints } from './create-room.ts';
import { dehydratedDeviceEndpoints } from './dehydrated-devices.ts';
import { delayedEventEndpoints } from './delayed-events.ts';
import { directoryEndpoints } from './directory.ts';
import { backupVersionEndpoints } from './key-backup-versions.ts';
import { keyBackupEndpoints } from './key-backup.ts';
import { crossSigningEndpoints } from './keys-cross-signing.ts';
import { keyEndpoints } from './keys.ts';
import { mediaDownloadEndpoints } from './media-download.ts';
import { mediaUploadEndpoints } from './media-upload.ts';
import { notificationEndpoints } from './notifications.ts';
import { oldSyncEndpoints } from './old-sync.ts';
import { unsubscribeEndpoints } from './pages/unsubscribe.ts';
import { presenceEndpoints } from './presence.ts';
import { publicRoomsEndpoints } from './public-rooms.ts';
import { pushRuleEndpoints } from './push-rules.ts';
import { pusherEndpoints } from './pushers.ts';
import { readMarkerEndpoints } from './read-markers.ts';
import { receiptEndpoints } from './receipts.ts';
import { relationEndpoints } from './relations.ts';
import { repeatableForms } from './repeatable.ts';
import { reportEndpoints } from './reports.ts';
import { membershipEndpoints } from './room-membership.ts';
import { roomReadingEndpoints } from './room-reading.ts';
import { searchEndpoints } from './search.ts';
import { sendEndpoints } from './send-events.ts';
import type { ClientServices } from './services.ts';
import { slidingSyncEndpoints } from './sliding-sync.ts';
import { spaceEndpoints } from './spaces.ts';
import { syncEndpoints } from './sync.ts';
import { thirdPartyNetworkEndpoints } from './third-party-networks.ts';
import { threadSubscriptionEndpoints } from './thread-subscriptions.ts';
import { toDeviceEndpoints } from './to-device.ts';
import { typingEndpoints } from './typing.ts';
import { upgradeRoomEndpoints } from './upgrade-room.ts';
import { urlPreviewEndpoints } from './url-preview.ts';
import { withUsageLimit } from './usage-limit.ts';

/** Those that `enable_media_repo: false` turns off. */
export const mediaEndpoints: readonly Endpoint<ClientServices>[] = [
  ...mediaUploadEndpoints,
  ...mediaDownloadEndpoints,
  ...urlPreviewEndpoints,
];

const released: readonly Endpoint<ClientServices>[] = withActivity(
  withUsageLimit([
    ...accountEndpoints,
    ...createRoomEndpoints,
    ...membershipEndpoints,
    ...upgradeRoomEndpoints,
    ...directoryEndpoints,
    ...publicRoomsEndpoints,
    ...applicationServiceEndpoints,
    ...thirdPartyNetworkEndpoints,
    ...spaceEndpoints,
    ...sendEndpoints,
    ...roomReadingEndpoints,
    ...relationEndpoints,
    ...reportEndpoints,
    ...syncEndpoints,
    ...slidingSyncEndpoints,
    ...oldSyncEndpoints,
    ...presenceEndpoints,
    ...receiptEndpoints,
    ...readMarkerEndpoints,
    ...typingEndpoints,
    ...pushRuleEndpoints,
    ...pusherEndpoints,
    ...unsubscribeEndpoints,
    ...notificationEndpoints,
    ...searchEndpoints,
    ...delayedEventEndpoints,
    ...threadSubscriptionEndpoints,
    ...keyEndpoints,
    ...crossSigningEndpoints,
    ...toDeviceEndpoints,
    ...backupVersionEndpoints,
    ...keyBackupEndpoints,
    ...dehydratedDeviceEndpoints,
    ...mediaEndpoints,
  ]),
);

/** Every endpoint of the client-server API that Soma serves. */
export const clientEndpoints: readonly Endpoint<ClientServices>[] = [
  ...released,
  ...repeatableForms(released),
];
