import { isJsonObject, referenceText, roomVersion, type JsonObject } from '@soma/protocol';

import type { TestPeer } from '../harness/peer.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import { reply, textOf } from './played-room.ts';

/** The key ID of every policy server's signature. */
export const policyKeyId = 'ed25519:policy_server';

/** What it says of an event: a signature, or an answer of another kind. */
export type PolicyVerdict = 'sign' | 'sign wrongly' | readonly [number, JsonObject];

/** A policy server that a test plays (SS API, "Policy Servers"), for rooms of version 11. */
export interface PlayedPolicyServer {
  readonly peer: TestPeer;
  /** The content of `m.room.policy` that names it. */
  readonly policy: JsonObject;
  /** The events that it was asked about, oldest first. */
  readonly asked: readonly JsonObject[];
  /** Signs everything until the test wants otherwise. */
  judge(event: JsonObject): PolicyVerdict;
  signatureOf(event: JsonObject): string;
}

export function playPolicyServer(peer: TestPeer): PlayedPolicyServer {
  const key = newSigningKey('policy_server');
  const version = roomVersion('11');
  if (version === undefined) throw new Error('no such room version');
  const asked: JsonObject[] = [];
  const played: PlayedPolicyServer = {
    peer,
    policy: { via: peer.serverName, public_keys: { ed25519: key.publicKey } },
    asked,
    judge: () => 'sign',
    signatureOf: (event) => key.sign(referenceText(event, version)),
  };
  peer.answer = (request, response) => {
    void (async () => {
      const text = await textOf(request);
      if (request.url !== '/_matrix/policy/v1/sign' || request.method !== 'POST') {
        reply(response, 200, { pdus: {} });
        return;
      }
      const event: unknown = JSON.parse(text);
      if (!isJsonObject(event)) throw new Error('the policy server was asked about no event');
      asked.push(event);
      const verdict = played.judge(event);
      if (typeof verdict !== 'string') return reply(response, ...verdict);
      const signature = played.signatureOf(verdict === 'sign' ? event : {});
      reply(response, 200, { [peer.serverName]: { [policyKeyId]: signature } });
    })();
  };
  return played;
}
