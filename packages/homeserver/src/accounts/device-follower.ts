import type { Statement } from '../storage/sql.ts';

/** What another domain keeps by device, and how it follows what becomes of devices; handed in at composition. */
export interface DeviceFollower {
  /** After devices of the user were deleted, in the same change. */
  removed(userNid: number): readonly Statement[];
  /** After the device got another name, in the same change. */
  renamed(deviceNid: number): readonly Statement[];
  /** After the account ended, in the same change. */
  ended(userNid: number): readonly Statement[];
}

/** Several that follow devices, as one. */
export function allFollowers(...followers: readonly DeviceFollower[]): DeviceFollower {
  return {
    removed: (userNid) => followers.flatMap((each) => each.removed(userNid)),
    renamed: (deviceNid) => followers.flatMap((each) => each.renamed(deviceNid)),
    ended: (userNid) => followers.flatMap((each) => each.ended(userNid)),
  };
}
