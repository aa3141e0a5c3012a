import { changeMembership } from './change-membership.ts';
import type { MembershipRequest } from './change-membership.ts';
import { serverOfUser } from './remote/candidate-servers.ts';
import { inviteRemotely } from './remote/invite-remotely.ts';
import type { RemoteRooms } from './remote/remote-rooms.ts';

/** Invites a user of any server. Resolves to the member event's ID; throws `MatrixError`. */
export async function inviteUser(
  remote: RemoteRooms,
  request: Omit<MembershipRequest, 'action'>,
): Promise<string> {
  const invite = { ...request, action: 'invite' } as const;
  if (serverOfUser(request.target) !== remote.rooms.serverName)
    return inviteRemotely(remote, invite);
  return (await changeMembership(remote.rooms, invite)).value;
}
