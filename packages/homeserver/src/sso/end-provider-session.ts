import type { Accounts } from '../accounts/accounts.ts';
import { deleteDeviceNids } from '../accounts/delete-devices.ts';
import {
  readDevicesOfProviderSession,
  readDevicesOfProviderUser,
} from '../accounts/device-store.ts';
import {
  deleteLoginTokensOfProviderSessionStatement,
  deleteLoginTokensOfProviderUserStatement,
} from '../accounts/login-token-store.ts';
import { write } from '../storage/database.ts';
import { readOwnerOfExternalId } from './external-id-store.ts';
import type { SingleSignOn } from './single-sign-on.ts';

/** A session at a provider that has ended: by its ID, by its user (all sessions of that user then), or by both. */
export interface EndedSession {
  readonly authProvider: string;
  readonly sessionId: string | undefined;
  readonly externalId: string | undefined;
}

/** Ends every login that came from a session at a provider: under way, granted, and in use. */
export async function endProviderSession(sso: SingleSignOn, ended: EndedSession): Promise<void> {
  const { accounts, sessions } = sso;
  const { reader } = accounts.database;
  const { authProvider, sessionId, externalId } = ended;
  const userNid =
    externalId === undefined
      ? undefined
      : await readOwnerOfExternalId(reader, { authProvider, externalId });
  sessions.endProviderSession(
    ({ provider, providerSessionId, externalId: id }) =>
      provider.id === authProvider &&
      (sessionId === undefined ? id === externalId : providerSessionId === sessionId),
  );
  if (sessionId !== undefined) await endSession(accounts, authProvider, sessionId, userNid);
  else if (userNid !== undefined) await endSessionsOfUser(accounts, authProvider, userNid);
}

/** Another user's devices stay, where it is known whose session it was. */
async function endSession(
  accounts: Accounts,
  authProvider: string,
  sessionId: string,
  ownerNid: number | undefined,
): Promise<void> {
  const { database } = accounts;
  await write(database, {
    statements: [deleteLoginTokensOfProviderSessionStatement(authProvider, sessionId)],
    positions: 0,
  });
  const devices = await readDevicesOfProviderSession(database.reader, authProvider, sessionId);
  for (const { userNid, deviceNid } of devices) {
    if (ownerNid === undefined || userNid === ownerNid) {
      await deleteDeviceNids(accounts, userNid, [deviceNid]);
    }
  }
}

async function endSessionsOfUser(
  accounts: Accounts,
  authProvider: string,
  userNid: number,
): Promise<void> {
  const { database } = accounts;
  await write(database, {
    statements: [deleteLoginTokensOfProviderUserStatement(authProvider, userNid)],
    positions: 0,
  });
  const devices = await readDevicesOfProviderUser(database.reader, authProvider, userNid);
  const nids = devices.map(({ deviceNid }) => deviceNid);
  if (nids.length > 0) await deleteDeviceNids(accounts, userNid, nids);
}
