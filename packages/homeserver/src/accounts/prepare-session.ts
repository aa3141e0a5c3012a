import { localpart } from '@soma/protocol';
import type { UserId } from '@soma/protocol';

import { invalidParam } from '../errors/matrix-error.ts';
import { ChangeKind } from '../storage/change.ts';
import type { Touch } from '../storage/change.ts';
import type { Statement } from '../storage/sql.ts';
import { deleteTokensOfDeviceStatement, insertTokenStatement } from './access-token-store.ts';
import { hashOfToken, newAccessToken, randomLetters } from './access-token.ts';
import type { Accounts } from './accounts.ts';
import { insertDeviceStatement } from './device-store.ts';
import { deviceDisplayNameLengthMax, deviceIdLengthMax } from './limits.ts';

/** The device that someone logs in on. */
export interface SessionRequest {
  /** Undefined for a new device with an ID of the server's choice. */
  readonly deviceId: string | undefined;
  /** For a new device; one that is known keeps its own. */
  readonly deviceDisplayName: string | undefined;
}

export interface Session {
  readonly accessToken: string;
  readonly deviceId: string;
}

/** A session with the parts of the change that makes it. */
export interface PreparedSession {
  readonly session: Session;
  readonly statements: readonly Statement[];
  readonly touches: readonly Touch[];
}

const DEVICE_ID_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const DEVICE_ID_LENGTH = 10;

/**
 * Prepares a device and its token. Earlier tokens of a device end with it (Client-server API, "Relationship
 * between access tokens and devices"). Throws `400 M_INVALID_PARAM` for a device ID that is too long.
 */
export async function prepareSession(
  accounts: Accounts,
  user: { readonly userId: UserId; readonly userNid: number },
  request: SessionRequest,
): Promise<PreparedSession> {
  const { userId, userNid } = user;
  const isNew = request.deviceId === undefined || request.deviceId === '';
  const deviceId = isNew
    ? randomLetters(DEVICE_ID_LENGTH, DEVICE_ID_LETTERS)
    : (request.deviceId ?? '');
  if (deviceId.length > deviceIdLengthMax) {
    throw invalidParam(`A device_id has at most ${deviceIdLengthMax} characters`);
  }
  const accessToken = newAccessToken(localpart(userId));
  const tokenNid = await accounts.tokenNids.next();
  const device = {
    deviceNid: await accounts.deviceNids.next(),
    userNid,
    deviceId,
    displayName: request.deviceDisplayName?.slice(0, deviceDisplayNameLengthMax),
    createdTs: accounts.now(),
  };
  const tokenHash = hashOfToken(accessToken);
  return {
    session: { accessToken, deviceId },
    statements: [
      insertDeviceStatement(device),
      ...(isNew ? [] : [deleteTokensOfDeviceStatement(userNid, deviceId)]),
      insertTokenStatement({ tokenNid, tokenHash, userNid, deviceId }),
    ],
    touches: [
      { kind: ChangeKind.token, subject: tokenNid },
      // Which tokens end is known to the writer alone, so all of the user are looked up again.
      ...(isNew ? [] : [{ kind: ChangeKind.account, subject: userNid }]),
    ],
  };
}
