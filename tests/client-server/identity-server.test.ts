import assert from 'node:assert/strict';
import { after } from 'node:test';

import { createRoom, joinRoom } from '../harness/client.ts';
import { IDENTITY_TOKEN, startIdentityServer } from '../harness/identity-server.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { withPassword } from './addresses.ts';
import { act, ok, readState, refusal, refusedAct, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const identity = await startIdentityServer();
after(() => identity.close());

const test = serverTests({ ip_range_whitelist: ['127.0.0.1/32'] });
const guarded = serverTests();
const closed = serverTests({ enable_3pid_lookup: false });

const atServer = { id_server: identity.name, id_access_token: IDENTITY_TOKEN };
const byMail = (address: string) => ({ medium: 'email', address, ...atServer });

/** What the identity server was asked at a path, the newest. */
const asked = (path: string) => identity.requests.findLast((each) => each.path === path);

test('who is known by an address is invited as a user', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const address = `${bob.userId.slice(1).split(':')[0]}@example.org`;
  identity.known.set(`${address} email`, bob.userId);
  const roomId = await createRoom(alice);
  await act(alice, roomId, 'invite', byMail(address.toUpperCase()));
  await joinRoom(bob, roomId);
  assert.equal(asked('/lookup')?.headers.authorization, `Bearer ${IDENTITY_TOKEN}`);
  assert.equal(valueAt(asked('/lookup')?.body, 'algorithm'), 'sha256');
  // The address itself is not told.
  assert.doesNotMatch(JSON.stringify(asked('/lookup')?.body), /@example/);
});

test('who is not known has an invitation waiting', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice, { name: 'Lab' });
  await act(alice, roomId, 'invite', byMail('carol@example.org'));
  const stored = asked('/store-invite')?.body;
  assert.equal(valueAt(stored, 'room_id'), roomId);
  assert.equal(valueAt(stored, 'room_name'), 'Lab');
  assert.equal(valueAt(stored, 'sender'), alice.userId);
  assert.equal(valueAt(stored, 'address'), 'carol@example.org');
  const state = await readState(alice, roomId);
  const invite = state.find(({ type }) => type === 'm.room.third_party_invite');
  assert.match(String(invite?.stateKey), /^token-\d+$/);
  assert.deepEqual(invite?.content, {
    display_name: 'c...',
    public_key: identity.publicKey,
    key_validity_url: 'https://identity.example/isvalid',
    public_keys: [
      { public_key: identity.publicKey, key_validity_url: 'https://identity.example/isvalid' },
    ],
  });
});

test('a new room can begin with such invitations', async (given) => {
  const alice = await given.newUser();
  const create = (body: object): Promise<string> =>
    refusal(alice, 'POST', `${v3}/createRoom`, { body });
  assert.equal(await create({ invite_3pid: 'dave@example.org' }), '400 M_BAD_JSON');
  assert.equal(await create({ invite_3pid: [{ medium: 'email' }] }), '400 M_MISSING_PARAM');
  await createRoom(alice, { invite_3pid: [] });
  const roomId = await createRoom(alice, { invite_3pid: [byMail('dave@example.org')] });
  const state = await readState(alice, roomId);
  assert.ok(state.some(({ type }) => type === 'm.room.third_party_invite'));
});

test('the identity server is not bothered with what the room forbids, and its refusals are told', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await createRoom(alice, {
    preset: 'public_chat',
    power_level_content_override: { invite: 50 },
  });
  const before = identity.requests.filter(({ path }) => path === '/store-invite').length;
  const address = byMail('erin@example.org');
  assert.equal(await refusedAct(bob, roomId, 'invite', address), '403 M_FORBIDDEN');
  await joinRoom(bob, roomId);
  assert.equal(await refusedAct(bob, roomId, 'invite', address), '403 M_FORBIDDEN');
  assert.equal(identity.requests.filter(({ path }) => path === '/store-invite').length, before);
  identity.refusals.set('/store-invite', 403);
  const refused = await refusedAct(alice, roomId, 'invite', address);
  identity.refusals.clear();
  assert.equal(refused, '403 M_SESSION_NOT_VALIDATED');
  for (const name of ['medium', 'address', 'id_server', 'id_access_token'] as const) {
    const { [name]: _left, ...others } = address;
    assert.equal(await refusedAct(alice, roomId, 'invite', others), '400 M_MISSING_PARAM', name);
  }
  const wrong = [{ medium: 'pigeon' }, { address: 'nobody' }, { id_server: 'a b' }];
  for (const part of [...wrong, { id_server: 'example.org/../x?y' }]) {
    const body = { ...address, ...part };
    assert.equal(await refusedAct(alice, roomId, 'invite', body), '400 M_INVALID_PARAM');
  }
});

test('an address is bound, and unbound in the name of this server', async (given) => {
  const alice = await given.newUser();
  const proof = { sid: 'proof', client_secret: 'secret' };
  await ok(alice, 'POST', `${v3}/account/3pid/bind`, { body: { ...proof, ...atServer } });
  assert.deepEqual(asked('/3pid/bind')?.body, { ...proof, mxid: alice.userId });
  const address = { medium: 'email', address: 'bound@example.org' };
  const unbind = (): Promise<unknown> =>
    ok(alice, 'POST', `${v3}/account/3pid/unbind`, { body: address });
  assert.deepEqual(await unbind(), { id_server_unbind_result: 'success' });
  assert.deepEqual(asked('/3pid/unbind')?.body, { mxid: alice.userId, threepid: address });
  assert.match(
    String(asked('/3pid/unbind')?.headers.authorization),
    new RegExp(`^X-Matrix origin="soma.test",destination="${identity.name}",`),
  );
  // Nobody else was told of it.
  assert.deepEqual(await unbind(), { id_server_unbind_result: 'no-support' });
  identity.refusals.set('/3pid/bind', 400);
  const body = { ...proof, ...atServer };
  const refused = await refusal(alice, 'POST', `${v3}/account/3pid/bind`, { body });
  identity.refusals.clear();
  assert.equal(refused, '400 M_SESSION_NOT_VALIDATED');
});

test('an account that ends is unbound, as far as that goes', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  for (const user of [alice, bob]) {
    const body = { sid: 'proof', client_secret: 'secret', ...atServer };
    await ok(user, 'POST', `${v3}/account/3pid/bind`, { body });
  }
  assert.equal(await withPassword(alice, `${v3}/account/deactivate`, {}), '200');
  assert.equal(textAt(asked('/3pid/unbind')?.body, 'mxid'), alice.userId);
  identity.refusals.set('/3pid/unbind', 501);
  const ended = await withPassword(bob, `${v3}/account/deactivate`, {});
  identity.refusals.clear();
  assert.equal(ended, '200');
});

guarded('an identity server inside is not reached', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const before = identity.requests.length;
  const address = byMail('frank@example.org');
  assert.equal(await refusedAct(alice, roomId, 'invite', address), '502 M_UNKNOWN');
  const body = { sid: 'proof', client_secret: 'secret', ...atServer };
  assert.equal(await refusal(alice, 'POST', `${v3}/account/3pid/bind`, { body }), '502 M_UNKNOWN');
  assert.equal(identity.requests.length, before);
});

closed('an operator may have nobody invited by an address', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  const address = byMail('grace@example.org');
  assert.equal(await refusedAct(alice, roomId, 'invite', address), '403 M_FORBIDDEN');
});
