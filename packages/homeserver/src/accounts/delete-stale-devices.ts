import type { Accounts } from './accounts.ts';
import { deleteDeviceNids } from './delete-devices.ts';
import { readStaleDevices } from './device-store.ts';

const DEVICES_AT_ONCE = 100;

/** Deletes the devices that were not used since a time, with what belongs to them (`delete_stale_devices_after`). */
export async function deleteStaleDevices(
  accounts: Accounts,
  beforeTs: number,
  signal: AbortSignal,
): Promise<void> {
  const { reader } = accounts.database;
  for (let above = 0; !signal.aborted;) {
    const found = await readStaleDevices(reader, beforeTs, above, DEVICES_AT_ONCE);
    for (const { userNid, deviceNid } of found) {
      above = deviceNid;
      const seen = accounts.lastSeen.of(deviceNid);
      if (seen !== undefined && seen.tsMs >= beforeTs) continue;
      await deleteDeviceNids(accounts, userNid, [deviceNid]);
    }
    if (found.length < DEVICES_AT_ONCE) return;
  }
}
