import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';

import { canonicalJson } from '@soma/protocol';

import { createRoom, joinRoom, sendState } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { ok, readContent, refusal, roomPath, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const test = serverTests();

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const key = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64url');

function signed(mxid: string, token: string): object {
  const object = { mxid, token };
  const signature = sign(null, Buffer.from(canonicalJson(object)), privateKey).toString('base64');
  return {
    ...object,
    signatures: { 'identity.example': { 'ed25519:0': signature.replaceAll('=', '') } },
  };
}

test('a third-party invite in the room is redeemed with what its identity server signed', async (given) => {
  const alice = await given.user('alice');
  const bob = await given.newUser();
  const roomId = await createRoom(alice);
  await sendState(alice, roomId, 'm.room.third_party_invite', 'token', {
    display_name: 'b...@example.org',
    public_key: key,
    public_keys: [{ public_key: key }],
    key_validity_url: 'https://identity.example/valid',
  });
  const path = roomPath(roomId, 'state', 'm.room.member', bob.userId);
  const invite = (part: object): Promise<string> =>
    refusal(alice, 'PUT', path, {
      body: { membership: 'invite', third_party_invite: { display_name: 'b...', signed: part } },
    });
  const right = signed(bob.userId, 'token');
  assert.equal(await invite(signed(bob.userId, 'other')), '403 M_FORBIDDEN');
  assert.equal(await invite(signed(alice.userId, 'token')), '403 M_FORBIDDEN');
  assert.equal(await invite({ ...right, signatures: {} }), '403 M_FORBIDDEN');
  assert.equal(await invite({ ...right, more: 'unsigned' }), '403 M_FORBIDDEN');
  assert.equal(await invite(right), '200');
  await joinRoom(bob, roomId);
  const member = await readContent(bob, roomId, 'm.room.member', bob.userId);
  assert.equal(valueAt(member, 'membership'), 'join');
});

test('who has the proof of an address joins with it', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const roomId = await createRoom(alice);
  await sendState(alice, roomId, 'm.room.third_party_invite', 'token', {
    display_name: 'b...@example.org',
    public_key: key,
    public_keys: [{ public_key: key }],
    key_validity_url: 'https://identity.example/valid',
  });
  const path = `${v3}/join/${encodeURIComponent(roomId)}`;
  const join = (part: object): Promise<string> =>
    refusal(bob, 'POST', path, { body: { third_party_signed: { sender: alice.userId, ...part } } });
  assert.equal(await join(signed(alice.userId, 'token')), '400 M_INVALID_PARAM');
  assert.equal(await join(signed(bob.userId, 'other')), '403 M_FORBIDDEN');
  assert.equal(await join({ ...signed(bob.userId, 'token'), signatures: {} }), '403 M_FORBIDDEN');
  assert.equal(await join(signed(bob.userId, 'token')), '200');
  const member = await ok(alice, 'GET', roomPath(roomId, 'state', 'm.room.member', bob.userId));
  assert.equal(valueAt(member, 'membership'), 'join');
});
