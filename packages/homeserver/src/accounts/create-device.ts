import { invalidParam } from '../errors/matrix-error.ts';
import { ChangeKind } from '../storage/change.ts';
import { write } from '../storage/database.ts';
import type { Accounts } from './accounts.ts';
import { insertDeviceStatement, readDevice } from './device-store.ts';
import { deviceDisplayNameLengthMax, deviceIdLengthMax } from './limits.ts';

/**
 * Makes a device without a token (Application Service API, "Device management"); false where it is there already.
 * Throws `400 M_INVALID_PARAM` for an ID that is too long.
 */
export async function createDevice(
  accounts: Accounts,
  userNid: number,
  {
    deviceId,
    displayName,
  }: { readonly deviceId: string; readonly displayName: string | undefined },
): Promise<boolean> {
  if (deviceId.length > deviceIdLengthMax) {
    throw invalidParam(`A device ID has at most ${deviceIdLengthMax} characters`);
  }
  if ((await readDevice(accounts.database.reader, userNid, deviceId)) !== undefined) return false;
  const device = {
    deviceNid: await accounts.deviceNids.next(),
    userNid,
    deviceId,
    displayName: displayName?.slice(0, deviceDisplayNameLengthMax),
    createdTs: accounts.now(),
  };
  await write(accounts.database, {
    statements: [insertDeviceStatement(device)],
    positions: 1,
    touches: [{ kind: ChangeKind.account, subject: userNid }],
  });
  return true;
}
