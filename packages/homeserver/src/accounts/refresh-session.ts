import { parseUserId } from '@soma/protocol';

import { unknownToken, userLocked } from '../errors/matrix-error.ts';
import { ChangeKind } from '../storage/change.ts';
import type { Statement } from '../storage/sql.ts';
import { deleteTokensOfRefreshTokensStatement } from './access-token-store.ts';
import { hashOfToken } from './access-token.ts';
import type { Accounts } from './accounts.ts';
import { prepareTokens } from './prepare-tokens.ts';
import type { SessionTokens } from './prepare-tokens.ts';
import {
  confirmRefreshTokenStatement,
  deleteRefreshTokensStatement,
  readRefreshToken,
  readSuccessors,
  refreshTokenStandsStatement,
} from './refresh-token-store.ts';

/**
 * New tokens for a refresh token (Client-server API, "Refreshing access tokens"). It stays good until one of
 * the new tokens is used, so that a client that lost the answer may ask again; what it was given before and did
 * not use ends. Throws `401 M_UNKNOWN_TOKEN`, with a soft logout where the session has expired.
 */
export async function refreshSession(
  accounts: Accounts,
  refreshToken: string,
): Promise<SessionTokens> {
  const { database } = accounts;
  const known = await readRefreshToken(database.reader, hashOfToken(refreshToken));
  if (known === undefined) throw unknownToken(false, 'Unknown refresh token');
  if (known.validUntilTs !== undefined && known.validUntilTs <= accounts.now()) {
    throw unknownToken(true, 'The refresh token has expired');
  }
  if (known.isLocked) throw userLocked();
  const { refreshNid, userNid, deviceId, sessionEndTs } = known;
  const userId = parseUserId(await accounts.names.users.text(userNid));
  if (userId === undefined) throw new Error(`user ${userNid} has no user ID`);
  const { tokens, statements, touches } = await prepareTokens(
    accounts,
    { userId, userNid },
    deviceId,
    {
      isRefreshable: true,
      sessionEndTs,
      replacesNid: refreshNid,
      accessTokenLifetimeMs: accounts.config.sessions.refreshableAccessTokenLifetimeMs,
    },
  );
  const unused = await readSuccessors(database.reader, refreshNid);
  const { outcome } = await database.submit({
    guards: [
      {
        name: 'refresh-token-stands',
        check: refreshTokenStandsStatement(refreshNid),
        expect: 'exists',
      },
    ],
    statements: [
      ...endTokens(unused),
      ...confirmStatements(refreshNid, known.replacesNid),
      ...statements,
    ],
    positions: 1,
    touches: [...touches, { kind: ChangeKind.account, subject: userNid }],
  }).done;
  if (outcome === 'refused') throw unknownToken(false, 'The refresh token was used already');
  return tokens;
}

/** The first use of what replaced a refresh token: the one before ends, with its access token. */
export function confirmStatements(
  refreshNid: number,
  replacesNid: number | undefined,
): readonly Statement[] {
  if (replacesNid === undefined) return [];
  return [...endTokens([replacesNid]), confirmRefreshTokenStatement(refreshNid)];
}

function endTokens(refreshNids: readonly number[]): readonly Statement[] {
  if (refreshNids.length === 0) return [];
  return [
    deleteTokensOfRefreshTokensStatement(refreshNids),
    deleteRefreshTokensStatement(refreshNids),
  ];
}
