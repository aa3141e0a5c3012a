import { invalidParam } from '../../errors/matrix-error.ts';
import type { Viewer } from '../../rooms/viewer.ts';
import { hasDeviceLists, readDeviceLists } from '../device-lists.ts';
import type { OwnDevice, SyncContext } from '../sync-context.ts';
import type { ExtensionAnswer } from './sliding-context.ts';
import type { SlidingPass } from './sliding-pass.ts';

/** What a client asks of the messages to its device. */
export interface ToDeviceRequest {
  /** The `next_batch` of the extension's last answer. */
  readonly since: string | undefined;
  readonly limit: number;
}

/** The client has the messages up to and with this `since`: they are forgotten (MSC3885). */
export async function acknowledge(
  { sources }: SyncContext,
  viewer: Viewer,
  since: string,
): Promise<void> {
  const device = deviceOf(viewer);
  if (device !== undefined) await sources.encryption.acknowledge(device, positionOf(since));
}

/** The `to_device` extension (MSC3885). */
export async function readToDevice(
  { context, reader, viewer, upTo }: SlidingPass,
  { since, limit }: ToDeviceRequest,
): Promise<ExtensionAnswer> {
  const device = deviceOf(viewer);
  const above = since === undefined ? -1 : positionOf(since);
  const { encryption } = context.sync.sources;
  const messages =
    device === undefined || limit === 0
      ? { events: [], upTo: Math.max(above, 0) }
      : await encryption.toDevice(reader, device, above, upTo, limit);
  return {
    hasNews: messages.events.length > 0,
    body: { next_batch: String(messages.upTo), events: [...messages.events] },
  };
}

/** The `e2ee` extension (MSC3884); a client that begins asks for the keys of whomever it meets. */
export async function readEndToEnd({
  context: { sync },
  reader,
  viewer,
  upTo,
  known: { since },
}: SlidingPass): Promise<ExtensionAnswer> {
  const { encryption } = sync.sources;
  const device = deviceOf(viewer);
  const memberships = await sync.userRooms.of(reader, viewer.userNid, upTo);
  const lists =
    since === undefined
      ? undefined
      : await readDeviceLists({ context: sync, reader, viewer, since, upTo }, memberships);
  return {
    hasNews: hasDeviceLists(lists),
    body: {
      device_one_time_keys_count:
        device === undefined ? {} : await encryption.oneTimeKeyCounts(reader, device),
      device_unused_fallback_key_types:
        device === undefined ? [] : await encryption.unusedFallbackTypes(reader, device),
      ...(lists === undefined || !hasDeviceLists(lists) ? {} : { device_lists: { ...lists } }),
    },
  };
}

function positionOf(since: string): number {
  if (/^\d{1,15}$/.test(since)) return Number(since);
  throw invalidParam('since must be the next_batch of the extension’s last answer');
}

function deviceOf({ userNid, deviceNid }: Viewer): OwnDevice | undefined {
  return deviceNid === undefined ? undefined : { userNid, deviceNid };
}
