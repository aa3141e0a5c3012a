import { Type } from 'typebox';

import { boundInvitesMax, memberBytesMax } from '../federation/serving/limits.ts';
import { exchangeInvite } from '../federation/third-party/exchange-invite.ts';
import { redeemInvites } from '../federation/third-party/redeem-invites.ts';
import { JsonObject } from '../http/schemas.ts';
import { serverEndpoint } from './services.ts';

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
  async handle({ origin, params, body }, { handshake }) {
    await exchangeInvite(handshake, origin, params.roomId, body);
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
  async handle({ body }, { handshake, accounts, client }) {
    await redeemInvites({ ...handshake, accounts, client }, body.mxid, body.invites);
    return {};
  },
});

/** What identity servers send in fact. */
const onBindThirdPartyIdentifierByPost = serverEndpoint({
  ...onBind,
  operationId: 'onBindThirdPartyIdentifierByPost',
  method: 'POST',
  async handle({ body }, { handshake, accounts, client }) {
    await redeemInvites({ ...handshake, accounts, client }, body.mxid, body.invites);
    return {};
  },
});

export const thirdPartyInviteEndpoints = [
  exchangeThirdPartyInvite,
  onBindThirdPartyIdentifier,
  onBindThirdPartyIdentifierByPost,
];
