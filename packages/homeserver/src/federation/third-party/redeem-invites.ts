import { serverNameOf } from '@soma/protocol';

import type { Accounts } from '../../accounts/accounts.ts';
import { findAccount } from '../../accounts/find-account.ts';
import { MatrixError, invalidParam, notFound } from '../../errors/matrix-error.ts';
import type { FederationClient } from '../../federation-client/federation-client.ts';
import { FederationError } from '../../federation-client/federation-error.ts';
import type { Handshake } from '../handshake/handshake.ts';
import { issueInvite } from './issue-invite.ts';
import { readThirdPartyInvite, serverOf } from './third-party-invite.ts';
import type { ThirdPartyInvite } from './third-party-invite.ts';

/** What redeeming invitations works with. */
export interface Redeeming extends Handshake {
  readonly accounts: Accounts;
  readonly client: Pick<FederationClient, 'requestJson'>;
  /** Throws for one invitation too many. */
  checkRate(invite: ThirdPartyInvite): void;
}

/** An invitation as an identity server hands it over. */
export interface BoundInvite {
  readonly mxid: string;
  readonly room_id: string;
  readonly sender: string;
  readonly signed: unknown;
}

/**
 * Invites a user of this server to the rooms that their address was invited to (SS API, `PUT /3pid/onbind`). What cannot be
 * redeemed does not keep the others. Throws `404 M_NOT_FOUND` for an unknown user, `400 M_INVALID_PARAM`, and what `checkRate` throws.
 */
export async function redeemInvites(
  redeeming: Redeeming,
  userId: string,
  invites: readonly BoundInvite[],
): Promise<void> {
  const account = await findAccount(redeeming.accounts, userId);
  if (account === undefined) throw notFound(`${userId} is not a user of this server`);
  const read = invites.map(({ mxid, room_id: roomId, sender, signed }) => {
    if (mxid !== userId) throw invalidParam('An invitation is of another user');
    return readThirdPartyInvite({ roomId, sender, target: mxid, signed });
  });
  for (const invite of read) {
    redeeming.checkRate(invite);
    try {
      await redeemInvite(redeeming, invite);
    } catch (error) {
      // The identity server has told of what it was to tell of; nobody else waits for an answer.
      if (!(error instanceof MatrixError) && !(error instanceof FederationError)) throw error;
    }
  }
}

/** In a room of this server's the invite is made here; else the server of who has invited makes it. */
export async function redeemInvite(
  redeeming: Omit<Redeeming, 'accounts' | 'checkRate'>,
  invite: ThirdPartyInvite,
): Promise<void> {
  const { serving, client } = redeeming;
  const { rooms, roomServers } = serving;
  const { roomId, sender, target, signed } = invite;
  const roomNid = await rooms.names.rooms.find(roomId);
  const servers = roomNid === undefined ? undefined : await roomServers.of(roomNid);
  if (roomNid !== undefined && servers?.isJoined(serverOf(invite)) === true) {
    await issueInvite(redeeming, roomNid, invite);
    return;
  }
  const destination = serverNameOf(sender);
  if (destination === rooms.serverName) throw notFound('This server is not in the room any more');
  await client.requestJson({
    destination,
    method: 'PUT',
    path: `/_matrix/federation/v1/exchange_third_party_invite/${encodeURIComponent(roomId)}`,
    body: {
      type: 'm.room.member',
      room_id: roomId,
      sender,
      state_key: target,
      // The name that stands for the address is in the room, which this server does not see.
      content: { membership: 'invite', third_party_invite: { display_name: target, signed } },
    },
  });
}
