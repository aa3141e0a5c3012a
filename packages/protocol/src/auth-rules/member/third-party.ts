import { isJsonObject } from '../../canonical-json.ts';
import type { JsonObject } from '../../canonical-json.ts';
import { signedText } from '../../events/sign.ts';
import type { AuthContext } from '../context.ts';
import { otherwiseReject, reject } from '../rule.ts';
import type { RuleGroup } from '../rule.ts';
import type { AuthEvent } from '../types.ts';

/** If `content` has a `third_party_invite` property. */
export const thirdParty: RuleGroup = {
  when: (context) => context.content('third_party_invite') !== undefined,
  rules: [
    {
      check: ({ targetMembership }) =>
        targetMembership === 'ban' ? reject('the invited user is banned') : undefined,
    },
    {
      check: (context) =>
        signedOf(context) === undefined ? reject('third_party_invite is not signed') : undefined,
    },
    {
      check: (context) =>
        textOf(context, 'mxid') === undefined || textOf(context, 'token') === undefined
          ? reject('the signed part lacks mxid or token')
          : undefined,
    },
    {
      check: (context) =>
        textOf(context, 'mxid') === context.target
          ? undefined
          : reject('mxid is not the invited user'),
    },
    {
      check: (context) =>
        inviteOf(context) === undefined
          ? reject('there is no third-party invite with that token')
          : undefined,
    },
    {
      check: (context) =>
        inviteOf(context)?.sender === context.event.sender
          ? undefined
          : reject('the third-party invite is of another sender'),
    },
    { check: (context) => (isSigned(context) ? 'allow' : undefined) },
    otherwiseReject('no signature matches a public key of the third-party invite'),
  ],
};

function signedOf(context: AuthContext): JsonObject | undefined {
  const thirdPartyInvite = context.content('third_party_invite');
  const signed = isJsonObject(thirdPartyInvite) ? thirdPartyInvite['signed'] : undefined;
  return isJsonObject(signed) ? signed : undefined;
}

function textOf(context: AuthContext, key: string): string | undefined {
  const value = signedOf(context)?.[key];
  return typeof value === 'string' ? value : undefined;
}

function inviteOf(context: AuthContext): AuthEvent | undefined {
  return context.state.get('m.room.third_party_invite', textOf(context, 'token') ?? '');
}

function isSigned(context: AuthContext): boolean {
  const { verify } = context.evidence;
  const signed = signedOf(context);
  const invite = inviteOf(context);
  if (verify === undefined || signed === undefined || invite === undefined) return false;
  const text = signedText(signed);
  const publicKeys = publicKeysOf(invite.content);
  return ed25519Signatures(signed).some((signature) =>
    publicKeys.some((publicKey) => verify(publicKey, signature, text)),
  );
}

function ed25519Signatures({ signatures }: JsonObject): string[] {
  const found: string[] = [];
  for (const byKey of Object.values(isJsonObject(signatures) ? signatures : {})) {
    for (const [keyId, signature] of Object.entries(isJsonObject(byKey) ? byKey : {})) {
      if (keyId.startsWith('ed25519:') && typeof signature === 'string') found.push(signature);
    }
  }
  return found;
}

function publicKeysOf({ public_key: single, public_keys: several }: JsonObject): string[] {
  const listed = Array.isArray(several) ? several : [];
  return [
    single,
    ...listed.map((key) => (isJsonObject(key) ? key['public_key'] : undefined)),
  ].filter((key) => typeof key === 'string');
}
