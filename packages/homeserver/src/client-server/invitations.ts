import { parseUserId } from '@soma/protocol';
import type { UserId } from '@soma/protocol';

import type { Config } from '../config/config.ts';
import { MatrixError, forbidden, invalidParam, missingParam } from '../errors/matrix-error.ts';
import type { Requester } from '../http/endpoint.ts';
import type { RateLimiters } from './rate-limits.ts';

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

/**
 * An invitation by mail or phone needs an identity server, and this server works with none. What is not even one
 * lacks the user ID.
 */
export function refuseThirdParty(invite: {
  readonly medium?: unknown;
  readonly address?: unknown;
}): MatrixError {
  const { medium, address } = invite;
  if (medium === undefined && address === undefined) return missingParam('user_id is missing');
  if (medium === undefined) return missingParam('medium is missing');
  if (address === undefined) return missingParam('address is missing');
  return new MatrixError(
    403,
    'M_THREEPID_DENIED',
    'Nobody can be invited by mail or phone: this server works with no identity server',
  );
}
