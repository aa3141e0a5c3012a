import type { UserId } from '@soma/protocol';

import type { Guard } from '../storage/change.ts';
import type { Statement } from '../storage/sql.ts';
import type { Accounts } from './accounts.ts';
import { prepareSession } from './prepare-session.ts';
import type { Session, SessionRequest } from './prepare-session.ts';

/** What a login depends on, and what else it does. */
export interface SessionConditions {
  readonly guards: readonly Guard[];
  readonly statements?: readonly Statement[];
}

/** Logs a user in on a device; undefined if one of the guards no longer holds. */
export async function startSession(
  accounts: Accounts,
  user: { readonly userId: UserId; readonly userNid: number },
  request: SessionRequest,
  conditions: SessionConditions = { guards: [] },
): Promise<Session | undefined> {
  const { session, statements, touches } = await prepareSession(accounts, user, request);
  const change = {
    statements: [...statements, ...(conditions.statements ?? [])],
    touches,
    guards: conditions.guards,
    positions: 1,
  };
  const { outcome } = await accounts.database.submit(change).done;
  return outcome === 'applied' ? session : undefined;
}
