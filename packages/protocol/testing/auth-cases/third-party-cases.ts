import type { JsonObject } from '../../src/canonical-json.ts';
import { signJson } from '../../src/events/sign.ts';
import { nodeCrypto } from '../node-crypto.ts';
import { BANNED, LEFT, MOD, STRANGER } from './world.ts';
import type { AuthCase } from './world.ts';

const identityServer = nodeCrypto('id.example.org', 'ed25519:0');
const stranger = nodeCrypto('evil.org', 'ed25519:0', `${'B'.repeat(42)}A`);
const signed = signJson({ mxid: STRANGER, token: 'abc' }, identityServer);
const urlSafeKey = identityServer.publicKey.replaceAll('+', '-').replaceAll('/', '_');
const AT = 'm.room.third_party_invite|abc';

function invite(thirdPartyInvite: JsonObject, target = STRANGER): AuthCase['event'] {
  return {
    type: 'm.room.member',
    sender: MOD,
    state_key: target,
    content: { membership: 'invite', third_party_invite: thirdPartyInvite },
  };
}

function pending(content: JsonObject): Pick<AuthCase, 'state' | 'senderOf'> {
  return { state: { [AT]: content }, senderOf: { [AT]: MOD } };
}

const oneKey = pending({ public_key: identityServer.publicKey });

/** The rules for invites that carry a `third_party_invite`. */
export const thirdPartyCases: readonly AuthCase[] = [
  {
    name: 'the invited user is banned',
    event: invite({ signed }, BANNED),
    ...oneKey,
    rule: 'third-banned',
    allowed: false,
  },
  {
    name: 'nothing is signed',
    event: invite({}),
    ...oneKey,
    rule: 'third-signed',
    allowed: false,
  },
  {
    name: 'the third-party invite is no object',
    event: { ...invite({}), content: { membership: 'invite', third_party_invite: 'x' } },
    rule: 'third-signed',
    allowed: false,
  },
  ...[undefined, 'x', { 'id.example.org': 'x' }].map((signatures): AuthCase => ({
    name: `signatures that are ${JSON.stringify(signatures) ?? 'absent'}`,
    event: invite({
      signed: { mxid: STRANGER, token: 'abc', ...(signatures === undefined ? {} : { signatures }) },
    }),
    ...oneKey,
    rule: 'third-otherwise',
    allowed: false,
  })),
  {
    name: 'the token is missing',
    event: invite({ signed: { mxid: STRANGER } }),
    ...oneKey,
    rule: 'third-mxid-and-token',
    allowed: false,
  },
  {
    name: 'another user was invited',
    event: invite({ signed }, LEFT),
    ...oneKey,
    rule: 'third-mxid',
    allowed: false,
  },
  {
    name: 'the invite is not in the state',
    event: invite({ signed }),
    rule: 'third-state',
    allowed: false,
  },
  {
    name: 'someone else sent the invite',
    event: invite({ signed }),
    state: oneKey.state ?? {},
    rule: 'third-sender',
    allowed: false,
  },
  {
    name: 'signed with the only key',
    event: invite({ signed }),
    ...oneKey,
    rule: 'third-signature',
    allowed: true,
  },
  {
    name: 'signed with one of several keys, in URL-safe base64',
    event: invite({ signed }),
    ...pending({
      public_key: stranger.publicKey,
      public_keys: [{ public_key: 'AAAA' }, 'x', { public_key: urlSafeKey }],
    }),
    rule: 'third-signature',
    allowed: true,
  },
  {
    name: 'signed with another key',
    event: invite({ signed: signJson({ mxid: STRANGER, token: 'abc' }, stranger) }),
    ...oneKey,
    rule: 'third-otherwise',
    allowed: false,
  },
  {
    name: 'changed after signing',
    event: invite({ signed: { ...signed, mxid: LEFT } }, LEFT),
    ...oneKey,
    rule: 'third-otherwise',
    allowed: false,
  },
];
