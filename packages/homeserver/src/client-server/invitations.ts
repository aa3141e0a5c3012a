import { Type } from 'typebox';

import { parseUserId } from '@soma/protocol';
import type { UserId } from '@soma/protocol';

import { isMedium } from '../accounts/three-pids/bindings.ts';
import { canonicalEmail } from '../accounts/three-pids/canonical-email.ts';
import type { Config } from '../config/config.ts';
import { forbidden, invalidParam, missingParam } from '../errors/matrix-error.ts';
import type { Requester } from '../http/endpoint.ts';
import { inviteThirdParty, lookUpThirdParty } from '../membership/invite-third-party.ts';
import type { ThirdPartyInvite } from '../membership/invite-third-party.ts';
import { inviteUser } from '../membership/invite-user.ts';
import { findRoom } from './join-room.ts';
import type { RateLimiters } from './rate-limits.ts';
import type { ClientServices } from './services.ts';

/** Whom to invite. Throws `400 M_INVALID_PARAM`. */
export function parseInvitee(text: string): UserId {
  const target = parseUserId(text);
  if (target === undefined) throw invalidParam(`${text} is not a user ID`);
  return target;
}

/** An operator may leave inviting to administrators. Throws `403 M_FORBIDDEN`. */
export function checkMayInvite({ rooms }: Config, { isAdmin }: Requester): void {
  if (rooms.blockNonAdminInvites && !isAdmin) {
    throw forbidden('Only administrators of this server may invite');
  }
}

/** Counts an invitation against every limit that Synapse has on them. Throws `429 M_LIMIT_EXCEEDED`. */
export function countInvite(
  { rateLimits }: { readonly rateLimits: RateLimiters },
  { userId, isRateLimitExempt }: Requester,
  roomId: string,
  target: string,
): void {
  if (isRateLimitExempt === true) return;
  rateLimits['rc_invites.per_issuer'].check(userId);
  rateLimits['rc_invites.per_room'].check(roomId);
  rateLimits['rc_invites.per_user'].check(target);
}

/** An invitation by mail or phone, as clients write it; what is required of it is checked here. */
export const ThirdPartyBody = Type.Object({
  medium: Type.Optional(Type.String()),
  address: Type.Optional(Type.String()),
  id_server: Type.Optional(Type.String()),
  id_access_token: Type.Optional(Type.String()),
});

type InvitedAddress = Pick<ThirdPartyInvite, 'medium' | 'address' | 'idServer' | 'accessToken'>;

/** Throws `400 M_MISSING_PARAM` and `400 M_INVALID_PARAM`. */
export function invitedAddressIn(body: Type.Static<typeof ThirdPartyBody>): InvitedAddress {
  const { medium, address } = body;
  if (medium === undefined && address === undefined) throw missingParam('user_id is missing');
  const required = (name: keyof typeof body): string => {
    const value = body[name];
    if (value === undefined) throw missingParam(`${name} is missing`);
    return value;
  };
  const kind = required('medium');
  if (!isMedium(kind)) throw invalidParam('medium must be email or msisdn');
  const text = required('address');
  return {
    medium: kind,
    address: kind === 'email' ? canonicalEmail(text) : text,
    idServer: required('id_server'),
    accessToken: required('id_access_token'),
  };
}

/**
 * Invites by an address: the user whom the identity server knows by it, or else whoever proves it later. Throws
 * `403 M_FORBIDDEN`, `429 M_LIMIT_EXCEEDED`, and what the identity server refuses.
 */
export async function inviteByAddress(
  services: ClientServices,
  requester: Requester,
  roomId: string,
  invited: InvitedAddress,
): Promise<void> {
  const { rooms, config, rateLimits, threePids } = services;
  checkMayInvite(config, requester);
  if (!threePids.config.enableLookup) {
    throw forbidden('Nobody can be invited by mail or phone on this server');
  }
  const { userId, userNid, isRateLimitExempt } = requester;
  if (isRateLimitExempt !== true) rateLimits.rc_third_party_invite.check(userId);
  const invite = {
    ...invited,
    roomNid: await findRoom(rooms, roomId),
    sender: userId,
    senderNid: userNid,
    clientLocation: config.email.mail?.inviteClientLocation,
  };
  const known = await lookUpThirdParty(threePids.identityServers, invite);
  if (known === undefined) await inviteThirdParty(rooms, threePids.identityServers, invite);
  else await inviteById(services, requester, roomId, known, undefined);
}

/** Invites a user of any server. Throws `MatrixError`. */
export async function inviteById(
  services: ClientServices,
  requester: Requester,
  roomId: string,
  invitee: string,
  reason: string | undefined,
): Promise<void> {
  const { rooms, remoteRooms, config } = services;
  const target = parseInvitee(invitee);
  checkMayInvite(config, requester);
  countInvite(services, requester, roomId, target);
  await services.bringUser(target);
  await inviteUser(remoteRooms, {
    roomNid: await findRoom(rooms, roomId),
    sender: requester.userId,
    target,
    reason,
    profile: await rooms.profileOfInvited(target),
  });
}
