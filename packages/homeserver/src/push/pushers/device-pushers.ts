import type { DeviceFollower } from '../../accounts/device-follower.ts';
import {
  deletePushersOfUserStatements,
  deletePushersWithoutDeviceStatements,
} from './pusher-store.ts';

/** As Synapse: a pusher goes with the device that made it. */
export const devicePushers: DeviceFollower = {
  removed: deletePushersWithoutDeviceStatements,
  renamed: () => [],
  ended: deletePushersOfUserStatements,
};
