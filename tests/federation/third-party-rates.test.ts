import assert from 'node:assert/strict';

import { signJson, type JsonObject } from '@soma/protocol';

import { api, pathOf } from '../harness/api.ts';
import { createRoom, registerUser, sendState } from '../harness/client.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import { assertRefused, federationTests } from './federation-test.ts';

const test = federationTests({
  rc_invites: { per_user: { per_second: 0.001, burst_count: 1 } },
});
const identity = newSigningKey('0');

/** A room to which an address was invited, and what its identity server says when a user has bound it. */
async function invitedAddress(
  server: Parameters<typeof registerUser>[0],
  localpart: string,
  userId: string,
): Promise<{ roomId: string; sender: string; signed: JsonObject }> {
  const alice = await registerUser(server, localpart);
  const roomId = await createRoom(alice);
  await sendState(alice, roomId, 'm.room.third_party_invite', 'token', {
    display_name: 'b...@example.org',
    key_validity_url: '',
    public_key: identity.publicKey,
  });
  const signer = { serverName: 'identity.example', ...identity };
  const signed = signJson({ mxid: userId, token: 'token' }, signer);
  return { roomId, sender: alice.userId, signed };
}

test('a server that exchanges too many invitations of a user is refused', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const userId = `@bob:${peer.serverName}`;
  const { roomId, sender, signed } = await invitedAddress(one, 'exchanging', userId);
  const exchange = (type = 'm.room.member') =>
    peer.request(
      one.serverName,
      'PUT',
      `/_matrix/federation/v1${pathOf`/exchange_third_party_invite/${roomId}`}`,
      {
        body: {
          type,
          room_id: roomId,
          sender,
          state_key: userId,
          content: { membership: 'invite', third_party_invite: { signed } },
        },
      },
    );
  // What is no invitation does not count.
  assertRefused(await exchange('m.room.message'), 400, 'M_INVALID_PARAM');
  // The peer signs nothing, so the first one comes to nothing, but is asked for.
  assert.notEqual((await exchange()).status, 429);
  assertRefused(await exchange(), 429, 'M_LIMIT_EXCEEDED');
});

test('an identity server that tells of too many invitations of a user is refused', async ({
  one,
}) => {
  const bob = await registerUser(one, 'rate-bound');
  const { roomId, sender, signed } = await invitedAddress(one, 'rate-host', bob.userId);
  const invite = { mxid: bob.userId, room_id: roomId, sender, signed };
  const bind = (invites: readonly object[]) =>
    api(one.url).request('PUT', '/_matrix/federation/v1/3pid/onbind', {
      body: { medium: 'email', address: 'bob@example.org', mxid: bob.userId, invites },
    });
  assert.equal((await bind([invite])).status, 200);
  assertRefused(await bind([invite]), 429, 'M_LIMIT_EXCEEDED');
  assert.equal((await bind([])).status, 200);
});
