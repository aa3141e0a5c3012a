import { MatrixError, notFound } from '../errors/matrix-error.ts';
import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import type { Accounts } from './accounts.ts';
import { readDevice, renameDeviceStatement } from './device-store.ts';
import { deviceDisplayNameLengthMax } from './limits.ts';

/**
 * Gives a device another name; without a name it only asks whether the device is there. Throws
 * `404 M_NOT_FOUND`, and `400 M_TOO_LARGE` as Synapse does.
 */
export async function renameDevice(
  accounts: Accounts,
  userNid: number,
  deviceId: string,
  displayName: string | undefined,
): Promise<void> {
  const device = await readDevice(accounts.database.reader, userNid, deviceId);
  if (device === undefined) throw notFound('No such device');
  if (displayName === undefined) return;
  if (displayName.length > deviceDisplayNameLengthMax) {
    const message = `The name of a device has at most ${deviceDisplayNameLengthMax} characters`;
    throw new MatrixError(400, 'M_TOO_LARGE', message);
  }
  await write(accounts.database, {
    statements: [
      renameDeviceStatement(userNid, deviceId, displayName),
      ...accounts.deviceFollower.renamed(device.deviceNid),
    ],
    positions: 1,
    touches: [{ kind: ChangeKind.deviceList, subject: userNid }],
  });
}
