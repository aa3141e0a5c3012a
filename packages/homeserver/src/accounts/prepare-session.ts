import type { UserId } from '@soma/protocol';

import { invalidParam } from '../errors/matrix-error.ts';
import { ChangeKind } from '../storage/change.ts';
import type { Touch } from '../storage/change.ts';
import type { Statement } from '../storage/sql.ts';
import { deleteTokensOfDeviceStatement } from './access-token-store.ts';
import { randomLetters } from './access-token.ts';
import type { Accounts } from './accounts.ts';
import { insertDeviceStatement, setDeviceOriginStatement } from './device-store.ts';
import { deviceDisplayNameLengthMax, deviceIdLengthMax } from './limits.ts';
import type { LoginOrigin } from './login-token-store.ts';
import { after, prepareTokens } from './prepare-tokens.ts';
import type { SessionTokens } from './prepare-tokens.ts';
import { deleteRefreshTokensOfDeviceStatement } from './refresh-token-store.ts';

/** The device that someone logs in on. */
export interface SessionRequest {
  /** Undefined for a new device with an ID of the server's choice. */
  readonly deviceId: string | undefined;
  /** For a new device; one that is known keeps its own. */
  readonly deviceDisplayName: string | undefined;
  /** Whether the access token is to be short-lived, with a refresh token beside it. */
  readonly wantsRefreshToken?: boolean;
  /** A guest's session does not expire. */
  readonly isGuest?: boolean;
  /** The identity provider that the login came from. */
  readonly origin?: LoginOrigin | undefined;
}

export interface Session extends SessionTokens {
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
 * Prepares a device and its tokens. Earlier tokens of a device end with it (Client-server API, "Relationship
 * between access tokens and devices"). Throws `400 M_INVALID_PARAM` for a device ID that is too
 * long, and `403 M_RESOURCE_LIMIT_EXCEEDED`.
 */
export async function prepareSession(
  accounts: Accounts,
  user: { readonly userId: UserId; readonly userNid: number },
  request: SessionRequest,
): Promise<PreparedSession> {
  const { userNid } = user;
  await accounts.usageLimit.admit(userNid, false);
  const isNew = request.deviceId === undefined || request.deviceId === '';
  const deviceId = isNew
    ? randomLetters(DEVICE_ID_LENGTH, DEVICE_ID_LETTERS)
    : (request.deviceId ?? '');
  if (deviceId.length > deviceIdLengthMax) {
    throw invalidParam(`A device_id has at most ${deviceIdLengthMax} characters`);
  }
  const device = {
    deviceNid: await accounts.deviceNids.next(),
    userNid,
    deviceId,
    displayName: request.deviceDisplayName?.slice(0, deviceDisplayNameLengthMax),
    createdTs: accounts.now(),
  };
  const { tokens, statements, touches } = await prepareTokens(accounts, user, deviceId, {
    replacesNid: undefined,
    ...lifetimesOf(accounts, request),
  });
  const { origin } = request;
  const originates =
    isNew && origin === undefined ? [] : [setDeviceOriginStatement(userNid, deviceId, origin)];
  const ended = isNew
    ? []
    : [
        deleteTokensOfDeviceStatement(userNid, deviceId),
        deleteRefreshTokensOfDeviceStatement(userNid, deviceId),
      ];
  return {
    session: { deviceId, ...tokens },
    statements: [insertDeviceStatement(device), ...originates, ...ended, ...statements],
    // Which tokens end is known to the writer alone, so all of the user are looked up again.
    touches: isNew ? touches : [...touches, { kind: ChangeKind.account, subject: userNid }],
  };
}

function lifetimesOf({ config, now }: Accounts, request: SessionRequest) {
  const { sessions } = config;
  if (request.isGuest === true) {
    return { isRefreshable: false, sessionEndTs: undefined, accessTokenLifetimeMs: undefined };
  }
  const isRefreshable = request.wantsRefreshToken === true;
  return {
    isRefreshable,
    sessionEndTs: after(now(), sessions.sessionLifetimeMs),
    accessTokenLifetimeMs: isRefreshable
      ? sessions.refreshableAccessTokenLifetimeMs
      : sessions.nonrefreshableAccessTokenLifetimeMs,
  };
}
