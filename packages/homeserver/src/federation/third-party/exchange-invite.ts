import { forbidden, invalidParam } from '../../errors/matrix-error.ts';
import type { Handshake } from '../handshake/handshake.ts';
import { findRoomToEnter } from '../serving/admit-server.ts';
import { issueInvite } from './issue-invite.ts';
import { readThirdPartyInvite, serverOf } from './third-party-invite.ts';
import type { ThirdPartyInvite } from './third-party-invite.ts';

/** An invite event as the invited user's server wants it; what is signed stands in it. */
export interface PartialInvite {
  readonly type: string;
  readonly room_id: string;
  readonly sender: string;
  readonly state_key: string;
  readonly content: {
    readonly membership: string;
    readonly third_party_invite: { readonly signed: unknown };
  };
}

/**
 * Invites the user to whom an address belongs, for their server (SS API, `PUT /exchange_third_party_invite/{roomId}`).
 * Throws `MatrixError`.
 *
 * @param checkRate throws for one invitation too many
 */
export async function exchangeInvite(
  handshake: Handshake,
  origin: string,
  roomId: string,
  event: PartialInvite,
  checkRate: (invite: ThirdPartyInvite) => void,
): Promise<void> {
  const { type, room_id: namedRoomId, sender, state_key: target, content } = event;
  if (namedRoomId !== roomId) throw invalidParam('The event is of another room');
  if (type !== 'm.room.member') throw invalidParam('The event is no m.room.member');
  if (content.membership !== 'invite') throw invalidParam('The event is no invite');
  const { signed } = content.third_party_invite;
  const invite = readThirdPartyInvite({ roomId, sender, target, signed });
  if (serverOf(invite) !== origin) throw forbidden(`${target} is not a user of ${origin}`);
  const { roomNid } = await findRoomToEnter(handshake.serving, origin, roomId);
  checkRate(invite);
  await issueInvite(handshake, roomNid, invite);
}
