import { parseUserId, serverNameOf } from '@soma/protocol';

import { forbidden, invalidParam, missingToken } from '../errors/matrix-error.ts';
import type { Requester } from '../http/endpoint.ts';
import { readUsersSharingRooms } from '../membership/membership-store.ts';
import type { AccountServices } from './services.ts';

/**
 * Throws for what is no user ID (`400 M_INVALID_PARAM`), and where the operator shows profiles to some only:
 * `401 M_MISSING_TOKEN`, `403 M_FORBIDDEN`.
 */
export async function checkMayReadProfile(
  { config, accounts }: AccountServices,
  requester: Requester | undefined,
  userId: string,
): Promise<void> {
  if (parseUserId(userId) === undefined) throw invalidParam('That is not a user ID');
  const { profiles } = config;
  if (!profiles.requireAuthForProfileRequests) return;
  if (requester === undefined) throw missingToken();
  if (!profiles.limitProfileRequestsToUsersWhoShareRooms || requester.userId === userId) return;
  const userNid = await accounts.names.users.find(userId);
  const sharing = await readUsersSharingRooms(accounts.database.reader, requester.userNid);
  if (userNid === undefined || !sharing.includes(userNid)) {
    throw forbidden('You share no room with this user');
  }
}

/** Whether another server has to be asked for the user's profile. */
export function isOfOtherServer({ accounts }: AccountServices, text: string): boolean {
  const userId = parseUserId(text);
  return userId !== undefined && serverNameOf(userId) !== accounts.serverName;
}
