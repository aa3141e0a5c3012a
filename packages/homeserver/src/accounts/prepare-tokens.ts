import { localpart } from '@soma/protocol';
import type { UserId } from '@soma/protocol';

import { ChangeKind } from '../storage/change.ts';
import type { Touch } from '../storage/change.ts';
import type { Statement } from '../storage/sql.ts';
import { insertTokenStatement } from './access-token-store.ts';
import { hashOfToken, newAccessToken, newRefreshToken } from './access-token.ts';
import type { Accounts } from './accounts.ts';
import { insertRefreshTokenStatement } from './refresh-token-store.ts';

/** What a client uses a session with. */
export interface SessionTokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  /** Undefined for an access token that does not expire. */
  readonly expiresInMs: number | undefined;
}

export interface TokenWishes {
  /** Whether the access token is short-lived, with a refresh token beside it. */
  readonly isRefreshable: boolean;
  /** When the session ends, however often it is refreshed. */
  readonly sessionEndTs: number | undefined;
  /** The refresh token that these tokens are given for. */
  readonly replacesNid: number | undefined;
  /** What else may bound the access token. */
  readonly accessTokenLifetimeMs: number | undefined;
}

/** Tokens with the parts of the change that makes them. */
export interface PreparedTokens {
  readonly tokens: SessionTokens;
  readonly statements: readonly Statement[];
  readonly touches: readonly Touch[];
}

/** Prepares the tokens of a session on a device, which must be there when the change is applied. */
export async function prepareTokens(
  accounts: Accounts,
  user: { readonly userId: UserId; readonly userNid: number },
  deviceId: string,
  wishes: TokenWishes,
): Promise<PreparedTokens> {
  const { userId, userNid } = user;
  const { replacesNid, sessionEndTs } = wishes;
  const nowMs = accounts.now();
  const name = localpart(userId);
  const validUntilTs = earliest(after(nowMs, wishes.accessTokenLifetimeMs), sessionEndTs);
  const tokenNid = await accounts.tokenNids.next();
  const accessToken = newAccessToken(name);
  const refreshNid = wishes.isRefreshable ? await accounts.refreshNids.next() : undefined;
  const refreshToken = wishes.isRefreshable ? newRefreshToken(name) : undefined;
  const tokenHash = hashOfToken(accessToken);
  const access = { tokenNid, tokenHash, userNid, deviceId, validUntilTs, refreshNid };
  const statements = [insertTokenStatement(access)];
  if (refreshNid !== undefined && refreshToken !== undefined) {
    const idleUntilTs = after(nowMs, accounts.config.sessions.refreshTokenLifetimeMs);
    statements.push(
      insertRefreshTokenStatement({
        refreshNid,
        tokenHash: hashOfToken(refreshToken),
        userNid,
        deviceId,
        replacesNid,
        validUntilTs: earliest(idleUntilTs, sessionEndTs),
        sessionEndTs,
      }),
    );
  }
  const expiresInMs = validUntilTs === undefined ? undefined : validUntilTs - nowMs;
  return {
    tokens: { accessToken, refreshToken, expiresInMs },
    statements,
    touches: [{ kind: ChangeKind.token, subject: tokenNid }],
  };
}

/** Undefined for a time that never comes. */
export function after(nowMs: number, lifetimeMs: number | undefined): number | undefined {
  return lifetimeMs === undefined ? undefined : nowMs + lifetimeMs;
}

function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
