import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import { deleteTokensOfDevicesStatement } from './access-token-store.ts';
import type { Accounts } from './accounts.ts';
import { deleteDevicesStatement, readDevice } from './device-store.ts';
import { deleteRefreshTokensOfDevicesStatement } from './refresh-token-store.ts';

/** Deletes those of the devices that the user has, and ends their tokens. */
export async function deleteDevices(
  accounts: Accounts,
  userNid: number,
  deviceIds: readonly string[],
): Promise<void> {
  const devices = await Promise.all(
    [...new Set(deviceIds)].map((id) => readDevice(accounts.database.reader, userNid, id)),
  );
  const nids = devices.flatMap((device) => (device === undefined ? [] : [device.deviceNid]));
  if (nids.length > 0) await deleteDeviceNids(accounts, userNid, nids);
}

export async function deleteDeviceNids(
  accounts: Accounts,
  userNid: number,
  deviceNids: readonly number[],
): Promise<void> {
  await write(accounts.database, {
    statements: [
      deleteTokensOfDevicesStatement(userNid, deviceNids),
      deleteRefreshTokensOfDevicesStatement(userNid, deviceNids),
      deleteDevicesStatement(userNid, deviceNids),
      ...accounts.deviceFollower.removed(userNid),
    ],
    positions: 1,
    // Which tokens end is known to the writer alone, so all of the user are looked up again.
    touches: [
      { kind: ChangeKind.account, subject: userNid },
      { kind: ChangeKind.deviceList, subject: userNid },
    ],
  });
}
