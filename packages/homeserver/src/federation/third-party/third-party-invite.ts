import { isJsonObject, parseUserId, serverNameOf } from '@soma/protocol';
import type { JsonObject, ServerName, UserId } from '@soma/protocol';

import { invalidParam } from '../../errors/matrix-error.ts';

/** An invitation of whoever an address belongs to, redeemed by a user (SS API, "Third-party invites"). */
export interface ThirdPartyInvite {
  readonly roomId: string;
  /** Who has invited the address. */
  readonly sender: UserId;
  readonly target: UserId;
  /** What the identity server has signed: the user, and the token of the invitation. */
  readonly signed: JsonObject;
  readonly token: string;
}

/** Throws `400 M_INVALID_PARAM` for what no identity server can have signed for this user. */
export function readThirdPartyInvite(given: {
  readonly roomId: string;
  readonly sender: string;
  readonly target: string;
  readonly signed: unknown;
}): ThirdPartyInvite {
  const { roomId, signed } = given;
  const sender = parseUserId(given.sender);
  const target = parseUserId(given.target);
  if (sender === undefined) throw invalidParam(`${given.sender} is not a user ID`);
  if (target === undefined) throw invalidParam(`${given.target} is not a user ID`);
  if (!isJsonObject(signed)) throw invalidParam('signed is not an object');
  const { mxid, token } = signed;
  if (mxid !== target) throw invalidParam('The identity server has signed for another user');
  if (typeof token !== 'string') throw invalidParam('signed has no token');
  return { roomId, sender, target, signed, token };
}

/** The server of the user who is invited. */
export function serverOf({ target }: ThirdPartyInvite): ServerName {
  return serverNameOf(target);
}
