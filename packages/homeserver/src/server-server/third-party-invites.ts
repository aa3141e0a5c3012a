import { Type } from 'typebox';

import type { RateLimiters } from '../client-server/rate-limits.ts';
import { boundInvitesMax, memberBytesMax } from '../federation/serving/limits.ts';
import { exchangeInvite } from '../federation/third-party/exchange-invite.ts';
import { redeemInvites } from '../federation/third-party/redeem-invites.ts';
import type { BoundInvite } from '../federation/third-party/redeem-invites.ts';
import type { ThirdPartyInvite } from '../federation/third-party/third-party-invite.ts';
import { JsonObject } from '../http/schemas.ts';
import { serverEndpoint } from './services.ts';
import type { ServerServices } from './services.ts';

const spec = 'Third-party invites';

const exchangeThirdPartyInvite = serverEndpoint({
  operationId: 'exchangeThirdPartyInvite',
  summary: 'Make an invite of an invitation to an address, for a user of another server',
  spec,
  method: 'PUT',
  paths: ['/_matrix/federation/v1/exchange_third_party_invite/{roomId}'],
  authentication: 'server',
  body: Type.Object({
    type: Type.String(),
    room_id: Type.String(),
    sender: Type.String(),
    state_key: Type.String(),
    content: Type.Object({
      membership: Type.String(),
      third_party_invite: Type.Object({ signed: JsonObject }),
    }),
  }),
  bodyBytesMax: memberBytesMax,
  errcodes: ['M_BAD_JSON', 'M_FORBIDDEN', 'M_INVALID_PARAM', 'M_MISSING_PARAM', 'M_NOT_FOUND'],
  async handle({ origin, params, body }, { handshake, rateLimits }) {
    await exchangeInvite(handshake, origin, params.roomId, body, limitInvites(rateLimits));
    return {};
  },
});

const onBind = {
  summary: 'Told by an identity server that an address is now bound to a user of this server',
  spec,
  paths: ['/_matrix/federation/v1/3pid/onbind'],
  authentication: 'none',
  body: Type.Object({
    medium: Type.String(),
    address: Type.String(),
    mxid: Type.String(),
    invites: Type.Array(
      Type.Object({
        mxid: Type.String(),
        room_id: Type.String(),
        sender: Type.String(),
        signed: JsonObject,
      }),
      { maxItems: boundInvitesMax },
    ),
  }),
  errcodes: ['M_BAD_JSON', 'M_INVALID_PARAM', 'M_MISSING_PARAM', 'M_NOT_FOUND'],
} as const;

const onBindThirdPartyIdentifier = serverEndpoint({
  ...onBind,
  operationId: 'onBindThirdPartyIdentifier',
  method: 'PUT',
  handle: ({ body }, services) => redeemAll(services, body),
});

/** What identity servers send in fact. */
const onBindThirdPartyIdentifierByPost = serverEndpoint({
  ...onBind,
  operationId: 'onBindThirdPartyIdentifierByPost',
  method: 'POST',
  handle: ({ body }, services) => redeemAll(services, body),
});

async function redeemAll(
  { handshake, accounts, client, rateLimits }: ServerServices,
  { mxid, invites }: { readonly mxid: string; readonly invites: readonly BoundInvite[] },
): Promise<object> {
  const checkRate = limitInvites(rateLimits);
  await redeemInvites({ ...handshake, accounts, client, checkRate }, mxid, invites);
  return {};
}

/** They are invitations like any other. */
function limitInvites(rateLimits: RateLimiters): (invite: ThirdPartyInvite) => void {
  return ({ roomId, target }) => {
    rateLimits['rc_invites.per_room'].check(roomId);
    rateLimits['rc_invites.per_user'].check(target);
  };
}

export const thirdPartyInviteEndpoints = [
  exchangeThirdPartyInvite,
  onBindThirdPartyIdentifier,
  onBindThirdPartyIdentifierByPost,
];
