import type { Accounts } from './accounts.ts';
import { readDevice, readDevices } from './device-store.ts';
import type { Device } from './device-store.ts';

/** A user's devices, with when they were last seen up to now. */
export async function listDevices(accounts: Accounts, userNid: number): Promise<Device[]> {
  const devices = await readDevices(accounts.database.reader, userNid);
  return devices.map((device) => withLastSeen(accounts, device));
}

export async function findDevice(
  accounts: Accounts,
  userNid: number,
  deviceId: string,
): Promise<Device | undefined> {
  const device = await readDevice(accounts.database.reader, userNid, deviceId);
  return device === undefined ? undefined : withLastSeen(accounts, device);
}

function withLastSeen(accounts: Accounts, device: Device): Device {
  return { ...device, lastSeen: accounts.lastSeen.of(device.deviceNid) ?? device.lastSeen };
}
