import { canonicalJson, exceedsBytes, parseUserId, serverNameOf } from '@soma/protocol';
import type { JsonObject } from '@soma/protocol';

import type { Accounts } from '../accounts/accounts.ts';
import { readDevices } from '../accounts/device-store.ts';
import { toDeviceContentBytesMax } from './limits.ts';

/** Contents by device ID, or `*` for all devices, by user ID. */
export type DeviceMessages = Readonly<Record<string, Readonly<Record<string, JsonObject>>>>;

/** One message for one device. */
export interface Delivery {
  readonly userNid: number;
  readonly deviceNid: number;
  /** JSON text. */
  readonly content: string;
}

/** Whether a message is more than a device is left. */
export function isTooLarge(content: JsonObject): boolean {
  return exceedsBytes(canonicalJson(content), toDeviceContentBytesMax);
}

/**
 * To which devices of this server the messages go; users who are not here have none. A device that is named gets its own
 * message, whatever all others get.
 */
export async function findDeliveries(
  { database, names, serverName }: Accounts,
  messages: DeviceMessages,
): Promise<Delivery[]> {
  const deliveries: Delivery[] = [];
  for (const [text, contents] of Object.entries(messages)) {
    const userId = parseUserId(text);
    if (userId === undefined || serverNameOf(userId) !== serverName) continue;
    const userNid = await names.users.find(userId);
    if (userNid === undefined) continue;
    const texts = new Map(
      Object.entries(contents).map(([deviceId, content]) => [deviceId, JSON.stringify(content)]),
    );
    for (const { deviceId, deviceNid } of await readDevices(database.reader, userNid)) {
      const content = texts.get(deviceId) ?? texts.get('*');
      if (content !== undefined) deliveries.push({ userNid, deviceNid, content });
    }
  }
  return deliveries;
}
