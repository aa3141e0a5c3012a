import type { JsonObject } from '@soma/protocol';

import { invalidParam } from '../../errors/matrix-error.ts';
import type { Viewer } from '../../rooms/viewer.ts';
import { hasDeviceLists, readDeviceLists } from '../device-lists.ts';
import type { OwnDevice, SyncContext } from '../sync-context.ts';
import type { SlidingPass } from './sliding-pass.ts';
import type { ExtensionRequests } from './sliding-request.ts';

/** What an extension answers, and whether a client need not wait for more. */
export interface ExtensionAnswer {
  readonly hasNews: boolean;
  readonly body: JsonObject;
}

/** The device has the messages that came with this `since`, which are then forgotten (MSC3885). */
export async function acknowledgeToDevice(
  context: SyncContext,
  viewer: Viewer,
  since: string | undefined,
): Promise<void> {
  const device = deviceOf(viewer);
  const position = positionOf(context, since);
  if (device === undefined || position < 0) return;
  await context.sources.encryption.acknowledge(device, position);
}

/** Messages to the device above `since`: as many as are asked for, and not more than one answer of `/sync` has. */
export async function readToDevice(
  { context, reader, viewer, upTo }: SlidingPass,
  { since, limit }: NonNullable<ExtensionRequests['toDevice']>,
): Promise<ExtensionAnswer> {
  const { sync } = context;
  const device = deviceOf(viewer);
  const above = positionOf(sync, since);
  const told =
    device === undefined
      ? { events: [], upTo }
      : await sync.sources.encryption.toDevice(reader, device, above, upTo, limit);
  return {
    hasNews: told.events.length > 0,
    body: { events: [...told.events], next_batch: tokenOf(sync, told.upTo) },
  };
}

/** What is left of the device's keys, and whose devices changed since the client's last answer (MSC3884). */
export async function readE2ee(pass: SlidingPass): Promise<ExtensionAnswer> {
  const { context, reader, viewer, known, upTo } = pass;
  const { sync } = context;
  const { encryption } = sync.sources;
  const device = deviceOf(viewer);
  const { since } = known;
  const lists =
    since === undefined
      ? undefined
      : await readDeviceLists(
          { context: sync, reader, viewer, since, upTo },
          await sync.userRooms.of(reader, viewer.userNid, upTo),
        );
  return {
    hasNews: hasDeviceLists(lists),
    body: {
      device_one_time_keys_count:
        device === undefined ? {} : await encryption.oneTimeKeyCounts(reader, device),
      device_unused_fallback_key_types:
        device === undefined ? [] : await encryption.unusedFallbackTypes(reader, device),
      ...(lists === undefined
        ? {}
        : { device_lists: { changed: lists.changed, left: lists.left } }),
    },
  };
}

function tokenOf({ rooms }: SyncContext, position: number): string {
  return `d1_${rooms.database.incarnation}_${position}`;
}

const TOKEN = /^d1_([0-9a-f]+)_(\d{1,16})$/;

/** Below 0 for nothing: of another database, from before a backup was restored, no message is known. */
function positionOf({ rooms }: SyncContext, token: string | undefined): number {
  if (token === undefined) return -1;
  const [, incarnation, position] = TOKEN.exec(token) ?? [];
  if (position === undefined) {
    throw invalidParam('extensions.to_device.since is not a token of this server');
  }
  return incarnation === rooms.database.incarnation ? Number(position) : -1;
}

function deviceOf({ userNid, deviceNid }: Viewer): OwnDevice | undefined {
  return deviceNid === undefined ? undefined : { userNid, deviceNid };
}
