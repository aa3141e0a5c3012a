import { forbidden } from '../../errors/matrix-error.ts';
import { relayEventStatement } from '../../federation-sender/event-relay-store.ts';
import { readCurrentContent } from '../../rooms/read-current-content.ts';
import type { Handshake } from '../handshake/handshake.ts';
import { checkKeys } from './check-keys.ts';
import type { ThirdPartyInvite } from './third-party-invite.ts';

/**
 * Makes the invite event in the name of who has invited the address: the identity server's signature stands for theirs.
 * The auth rules verify it with the keys in `m.room.third_party_invite`. Throws `403 M_FORBIDDEN`,
 * `403 M_INVITE_BLOCKED`, and what {@link checkKeys} throws.
 */
export async function issueInvite(
  { serving: { rooms }, inviteUser, isKeyValid }: Handshake,
  roomNid: number,
  { sender, target, signed, token }: ThirdPartyInvite,
): Promise<void> {
  const type = 'm.room.third_party_invite';
  const original = await readCurrentContent(rooms, rooms.database.reader, roomNid, type, token);
  if (original === undefined) throw forbidden('There is no such invitation in the room');
  await checkKeys({ verify: rooms.verify, isKeyValid }, original, signed);
  const { display_name: given } = original;
  const displayName = typeof given === 'string' ? given : '';
  await inviteUser({
    roomNid,
    sender,
    target,
    content: { third_party_invite: { display_name: displayName, signed } },
    profile: await rooms.profileOf(target),
    beside: (eventNid) => [relayEventStatement(eventNid, rooms.serverName)],
  });
}
