import { forbidden } from '../../errors/matrix-error.ts';
import { checkInvitePermission } from '../../membership/invite-permission.ts';
import { writeToRoom } from '../../rooms/room-write.ts';
import type { Rooms } from '../../rooms/rooms.ts';
import type { ThirdPartyInvite } from './third-party-invite.ts';

/**
 * Makes the invite event of a user of this server, in the name of who has invited the address: the identity server's
 * signature stands for theirs. The auth rules verify it with the keys in `m.room.third_party_invite`.
 *
 * Throws `403 M_FORBIDDEN`, `403 M_INVITE_BLOCKED`.
 */
export async function issueInvite(
  rooms: Rooms,
  roomNid: number,
  { sender, target, signed, token }: ThirdPartyInvite,
): Promise<void> {
  await checkInvitePermission(rooms, target, sender);
  const profile = await rooms.profileOf(target);
  await writeToRoom(rooms, roomNid, async (write) => {
    const invited = ['m.room.third_party_invite', token] as const;
    await write.head.load([invited]);
    const original = write.head.get(...invited);
    if (original === undefined) throw forbidden('There is no such invitation in the room');
    const { display_name: displayName } = original.event.content;
    const { displayName: displayname, avatarUrl: avatar_url } = profile;
    await write.append({
      type: 'm.room.member',
      stateKey: target,
      sender,
      content: {
        membership: 'invite',
        third_party_invite: {
          display_name: typeof displayName === 'string' ? displayName : '',
          signed,
        },
        ...(displayname === undefined ? {} : { displayname }),
        ...(avatar_url === undefined ? {} : { avatar_url }),
      },
    });
  });
}
