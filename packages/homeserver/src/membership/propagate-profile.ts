import type { Profile } from '../rooms/profile.ts';
import type { Rooms } from '../rooms/rooms.ts';
import { changeMembership } from './change-membership.ts';
import { readMembershipsOfUser } from './membership-store.ts';

/** Says a user's new profile in every room that the user is in (CS API, "Profiles": "Events on Change of Profile"). */
export async function propagateProfile(
  rooms: Rooms,
  userId: string,
  profile: Profile,
): Promise<void> {
  const userNid = await rooms.names.users.find(userId);
  if (userNid === undefined) return;
  const memberships = await readMembershipsOfUser(rooms.database.reader, userNid);
  const joined = memberships.filter(({ membership }) => membership === 'join');
  await Promise.all(
    joined.map(({ roomNid }) =>
      changeMembership(rooms, {
        roomNid,
        sender: userId,
        target: userId,
        action: 'join',
        profile,
      }),
    ),
  );
}
