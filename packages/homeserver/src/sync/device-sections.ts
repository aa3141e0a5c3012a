import type { JsonObject } from '@soma/protocol';

import type { Viewer } from '../rooms/viewer.ts';
import type { OwnDevice, SyncContext, SyncPass } from './sync-context.ts';
import type { SyncToken } from './sync-token.ts';

/** What an answer tells the device itself. */
export interface DeviceSections {
  readonly sections: JsonObject;
  readonly hasMessages: boolean;
  /** Up to where messages to the device are told. */
  readonly toDeviceUpTo: number;
}

/** A client that sends a token back has the messages that came with it (CS API, "Send-to-Device messaging"). */
export async function acknowledge(
  { sources }: SyncContext,
  viewer: Viewer,
  token: SyncToken,
): Promise<void> {
  const device = deviceOf(viewer);
  if (device !== undefined) await sources.encryption.acknowledge(device, token.toDevice);
}

/** Messages to the device, and what is left of its keys; clients read these without asking whether they are there. */
export async function readDeviceSections(
  { context, reader, viewer, upTo }: SyncPass,
  toDeviceSeen = -1,
): Promise<DeviceSections> {
  const { encryption } = context.sources;
  const device = deviceOf(viewer);
  const messages =
    device === undefined
      ? { events: [], upTo }
      : await encryption.toDevice(reader, device, toDeviceSeen, upTo);
  return {
    sections: {
      to_device: { events: [...messages.events] },
      device_one_time_keys_count:
        device === undefined ? {} : await encryption.oneTimeKeyCounts(reader, device),
      device_unused_fallback_key_types:
        device === undefined ? [] : await encryption.unusedFallbackTypes(reader, device),
    },
    hasMessages: messages.events.length > 0,
    toDeviceUpTo: messages.upTo,
  };
}

function deviceOf({ userNid, deviceNid }: Viewer): OwnDevice | undefined {
  return deviceNid === undefined ? undefined : { userNid, deviceNid };
}
