import assert from 'node:assert/strict';
import { after } from 'node:test';

import {
  isJsonObject,
  referenceText,
  roomVersion,
  signJson,
  type JsonObject,
} from '@soma/protocol';

import { readContent } from '../client-server/requests.ts';
import { api, pathOf } from '../harness/api.ts';
import { createRoom, joinRoom, registerUser, sendState, type TestUser } from '../harness/client.ts';
import { startIdentityServer } from '../harness/identity-server.ts';
import { valueAt } from '../harness/json-path.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import { assertRefused, federationTests } from './federation-test.ts';

const identityServer = await startIdentityServer();
after(() => identityServer.close());
const test = federationTests();
const identity = newSigningKey('0');
const validityUrl = `https://${identityServer.name}/_matrix/identity/v2/pubkey/isvalid`;
const onBind = '/_matrix/federation/v1/3pid/onbind';

/** What an identity server signs when an address with an invitation is bound to a user. */
function signed(mxid: string, token: string): JsonObject {
  return signJson({ mxid, token }, { serverName: 'identity.example', ...identity });
}

async function inviteAddress(user: TestUser, roomId: string, token: string): Promise<void> {
  await sendState(user, roomId, 'm.room.third_party_invite', token, {
    display_name: 'b...@example.org',
    key_validity_url: validityUrl,
    public_key: identity.publicKey,
    public_keys: [{ public_key: identity.publicKey, key_validity_url: validityUrl }],
  });
}

test('whoever has bound an invited address is invited to the rooms of their server', async ({
  one,
}) => {
  const alice = await registerUser(one, 'host');
  const bob = await registerUser(one, 'bound');
  const [first, second] = [await createRoom(alice), await createRoom(alice)];
  for (const roomId of [first, second]) await inviteAddress(alice, roomId, 'token');
  const invite = (roomId: string, part: JsonObject, more: object = {}): object => ({
    medium: 'email',
    address: 'bob@example.org',
    mxid: bob.userId,
    room_id: roomId,
    sender: alice.userId,
    signed: part,
    ...more,
  });
  const bind = (method: string, invites: readonly object[], mxid = bob.userId) =>
    api(one.url).request(method, onBind, {
      body: { medium: 'email', address: 'bob@example.org', mxid, invites },
    });
  const right = signed(bob.userId, 'token');
  const forged = { ...right, token: 'other' };
  const { signatures: _, ...unsigned } = right;
  const useless = [
    invite(first, forged),
    invite(first, unsigned),
    invite(first, signed(bob.userId, 'unknown')),
    invite(`!no:${one.serverName}`, right),
    invite(first, right, { sender: bob.userId }),
  ];
  assert.equal((await bind('PUT', useless)).status, 200);
  const refused = await bob.request(
    'POST',
    `/_matrix/client/v3/join/${encodeURIComponent(first)}`,
    {
      body: {},
    },
  );
  assertRefused(refused, 403, 'M_FORBIDDEN');
  assert.equal((await bind('PUT', [...useless, invite(first, right)])).status, 200);
  assert.equal((await bind('POST', [invite(second, right)])).status, 200);
  const member = await readContent(alice, first, 'm.room.member', bob.userId);
  assert.equal(valueAt(member, 'membership'), 'invite');
  assert.equal(valueAt(member, 'third_party_invite', 'display_name'), 'b...@example.org');
  for (const roomId of [first, second]) await joinRoom(bob, roomId);

  const other = signed(alice.userId, 'token');
  assertRefused(await bind('PUT', [invite(first, other)]), 400, 'M_INVALID_PARAM');
  assertRefused(
    await bind('PUT', [invite(first, other, { mxid: alice.userId })]),
    400,
    'M_INVALID_PARAM',
  );
  assertRefused(await bind('PUT', [], `@nobody:${one.serverName}`), 404, 'M_NOT_FOUND');
  assertRefused(
    await bind(
      'PUT',
      Array.from({ length: 51 }, () => invite(first, right)),
    ),
    400,
    'M_BAD_JSON',
  );
});

test('of a room on another server, the server of who has invited is asked to invite', async ({
  one,
  newPeer,
}) => {
  const bob = await registerUser(one, 'asked');
  const peer = await newPeer();
  const bodies: unknown[] = [];
  peer.answer = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(JSON.parse(Buffer.concat(chunks).toString('utf8')));
      response.setHeader('content-type', 'application/json').end('{}');
    });
  };
  const roomId = `!room:${peer.serverName}`;
  const sender = `@carol:${peer.serverName}`;
  const part = signed(bob.userId, 'token');
  const invite = {
    medium: 'email',
    address: 'bob@example.org',
    mxid: bob.userId,
    room_id: roomId,
    sender,
    signed: part,
  };
  const { status } = await api(one.url).request('PUT', onBind, {
    body: { medium: 'email', address: 'bob@example.org', mxid: bob.userId, invites: [invite] },
  });
  assert.equal(status, 200);
  const path = `/_matrix/federation/v1${pathOf`/exchange_third_party_invite/${roomId}`}`;
  assert.ok(peer.asked.includes(`PUT ${path}`));
  const [body] = bodies;
  assert.equal(valueAt(body, 'type'), 'm.room.member');
  assert.equal(valueAt(body, 'room_id'), roomId);
  assert.equal(valueAt(body, 'sender'), sender);
  assert.equal(valueAt(body, 'state_key'), bob.userId);
  assert.equal(valueAt(body, 'content', 'membership'), 'invite');
  assert.deepEqual(valueAt(body, 'content', 'third_party_invite', 'signed'), part);
});

test('an invitation is exchanged: the server of the user signs the invite that is made', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'giver');
  const peer = await newPeer();
  const bobId = `@bob:${peer.serverName}`;
  const roomId = await createRoom(alice, { room_version: '11' });
  await inviteAddress(alice, roomId, 'token');
  const version = roomVersion('11') ?? assert.fail();
  peer.answer = (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const event: unknown = valueAt(JSON.parse(Buffer.concat(chunks).toString('utf8')), 'event');
      assert.ok(isJsonObject(event));
      const signature = peer.key.sign(referenceText(event, version));
      const signatures = { [peer.serverName]: { [peer.key.keyId]: signature } };
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ event: { ...event, signatures } }));
    });
  };
  const path = `/_matrix/federation/v1${pathOf`/exchange_third_party_invite/${roomId}`}`;
  const third = { display_name: 'b', signed: signed(bobId, 'token') };
  const answer = await peer.request(one.serverName, 'PUT', path, {
    body: {
      type: 'm.room.member',
      room_id: roomId,
      sender: alice.userId,
      state_key: bobId,
      content: { membership: 'invite', third_party_invite: third },
    },
  });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  assert.ok(peer.asked.some((asked) => asked.startsWith('PUT /_matrix/federation/v2/invite/')));
  const member = await readContent(alice, roomId, 'm.room.member', bobId);
  assert.equal(valueAt(member, 'membership'), 'invite');
  assert.equal(valueAt(member, 'third_party_invite', 'display_name'), 'b...@example.org');
});

test('an invitation is exchanged for the server of the user alone, and if it is signed', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'exchanger');
  const peer = await newPeer();
  const bobId = `@bob:${peer.serverName}`;
  const roomId = await createRoom(alice);
  await inviteAddress(alice, roomId, 'token');
  const path = `/_matrix/federation/v1${pathOf`/exchange_third_party_invite/${roomId}`}`;
  const exchange = (part: JsonObject, changes: JsonObject = {}, membership = 'invite') =>
    peer.request(one.serverName, 'PUT', path, {
      body: {
        type: 'm.room.member',
        room_id: roomId,
        sender: alice.userId,
        state_key: bobId,
        content: { membership, third_party_invite: { display_name: 'b', signed: part } },
        ...changes,
      },
    });
  const right = signed(bobId, 'token');
  identityServer.revoked.add(identity.publicKey);
  assertRefused(await exchange(right), 403, 'M_FORBIDDEN');
  identityServer.revoked.clear();
  identityServer.refusals.set(
    `/pubkey/isvalid?public_key=${encodeURIComponent(identity.publicKey)}`,
    500,
  );
  assertRefused(await exchange(right), 403, 'M_FORBIDDEN');
  identityServer.refusals.clear();
  for (const changes of [{ type: 'm.room.message' }, { room_id: '!other:example.org' }]) {
    assertRefused(await exchange(right, changes), 400, 'M_INVALID_PARAM');
  }
  assertRefused(await exchange(right, {}, 'join'), 400, 'M_INVALID_PARAM');
  assertRefused(await exchange(signed(alice.userId, 'token')), 400, 'M_INVALID_PARAM');
  assertRefused(await exchange({ mxid: bobId }), 400, 'M_INVALID_PARAM');
  assertRefused(
    await exchange(right, { content: { membership: 'invite' } }),
    400,
    'M_MISSING_PARAM',
  );
  assertRefused(await exchange(signed(bobId, 'unknown')), 403, 'M_FORBIDDEN');
  assertRefused(await exchange({ ...right, signatures: {} }), 403, 'M_FORBIDDEN');
  const mallory = `@mallory:${one.serverName}`;
  const stolen = await exchange(signed(mallory, 'token'), { state_key: mallory });
  assertRefused(stolen, 403, 'M_FORBIDDEN');
});
