import { parseUserId, serverNameOf } from '@soma/protocol';

import { deviceListChangedStatement } from '../../e2ee/device-list-store.ts';
import { FederationError } from '../../federation-client/federation-error.ts';
import { ChangeKind } from '../../storage/change.ts';
import { write } from '../../storage/database.ts';
import {
  keysAnswerBytesMax,
  resyncAttemptsMax,
  resyncDelayMsFirst,
  resyncDelayMsMax,
  resyncTimeoutMs,
} from './limits.ts';
import { parseDeviceList } from './parse-remote-keys.ts';
import type { RemoteDeviceList } from './parse-remote-keys.ts';
import { removeListStatements, userIsShared } from './remote-device-store.ts';
import type { RemoteUserLists } from './remote-user-lists.ts';
import { postponeStatement, unmarkStatement } from './resync-store.ts';
import type { ResyncMark } from './resync-store.ts';
import { storeListStatements } from './store-list.ts';

/**
 * Fetches a device list anew, and tells those who follow it (SS API, "Device Management"). Where the server does not
 * give it, it is tried again later, and after many failures forgotten: the server is then asked by each query.
 */
export async function resyncDeviceList(lists: RemoteUserLists, mark: ResyncMark): Promise<void> {
  const { database, names, now } = lists;
  const { userNid, attempts } = mark;
  const fetched = await fetchDeviceList(lists, await names.users.text(userNid));
  if (fetched !== undefined) {
    const { outcome } = await database.submit({
      statements: [
        ...storeListStatements(userNid, fetched.streamId, fetched),
        unmarkStatement(mark),
        deviceListChangedStatement(userNid),
      ],
      guards: [userIsShared(userNid)],
      positions: 1,
      touches: [{ kind: ChangeKind.deviceList, subject: userNid }],
    }).done;
    if (outcome === 'applied') return;
  }
  const isOver = fetched !== undefined || attempts + 1 >= resyncAttemptsMax;
  const delayMs = Math.min(resyncDelayMsFirst * 2 ** attempts, resyncDelayMsMax);
  await write(database, {
    statements: isOver
      ? [...removeListStatements(userNid), unmarkStatement(mark)]
      : [postponeStatement(mark, now() + delayMs)],
    positions: 0,
  });
}

/** Undefined where the server does not give it. */
async function fetchDeviceList(
  { client }: RemoteUserLists,
  text: string,
): Promise<RemoteDeviceList | undefined> {
  const userId = parseUserId(text);
  if (userId === undefined) return undefined;
  try {
    const answer = await client.requestJson({
      destination: serverNameOf(userId),
      method: 'GET',
      path: `/_matrix/federation/v1/user/devices/${encodeURIComponent(userId)}`,
      timeoutMs: resyncTimeoutMs,
      bodyBytesMax: keysAnswerBytesMax,
      retries: 'none',
    });
    return parseDeviceList(answer, userId);
  } catch (error) {
    if (error instanceof FederationError) return undefined;
    throw error;
  }
}
