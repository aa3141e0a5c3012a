import assert from 'node:assert/strict';

import type { JsonObject } from '@soma/protocol';

import { logIn, type TestUser } from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { confirmed } from './interactive.ts';
import { ok, outcome, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';
import {
  crossSigningKey,
  deviceKeys,
  newIdentity,
  signedBy,
  type SigningIdentity,
} from './signing-identity.ts';

const test = serverTests();
const uploadPath = `${v3}/keys/device_signing/upload`;

interface Identity {
  readonly master: SigningIdentity;
  readonly selfSigning: SigningIdentity;
  readonly userSigning: SigningIdentity;
  readonly body: Readonly<Record<string, JsonObject>>;
}

function newCrossSigning({ userId }: TestUser): Identity {
  const [master, selfSigning, userSigning] = [newIdentity(), newIdentity(), newIdentity()];
  const body = {
    master_key: crossSigningKey(userId, 'master', master),
    self_signing_key: crossSigningKey(userId, 'self_signing', selfSigning, master),
    user_signing_key: crossSigningKey(userId, 'user_signing', userSigning, master),
  };
  return { master, selfSigning, userSigning, body };
}

async function publish(user: TestUser): Promise<Identity> {
  const identity = newCrossSigning(user);
  await ok(user, 'POST', uploadPath, { body: identity.body });
  return identity;
}

function query(viewer: TestUser, user: TestUser): Promise<unknown> {
  return ok(viewer, 'POST', `${v3}/keys/query`, { body: { device_keys: { [user.userId]: [] } } });
}

async function sign(signer: TestUser, body: object): Promise<unknown> {
  const answer = await ok(signer, 'POST', `${v3}/keys/signatures/upload`, { body });
  return valueAt(answer, 'failures');
}

test('the first keys need no password, other ones do, and the same ones again do not', async (given) => {
  const alice = await given.newUser();
  const first = await publish(alice);
  await ok(alice, 'POST', uploadPath, { body: first.body });
  await ok(alice, 'POST', uploadPath, { body: { master_key: first.body['master_key'] } });
  const second = newCrossSigning(alice);
  const challenge = await alice.request('POST', uploadPath, { body: second.body });
  assert.equal(challenge.status, 401);
  assert.deepEqual(valueAt(challenge.body, 'flows'), [{ stages: ['m.login.password'] }]);
  const wrong = await confirmed(alice, 'POST', uploadPath, second.body, 'wrong');
  assert.equal(outcome(wrong), '401 M_FORBIDDEN');
  const shown = await query(alice, alice);
  assert.deepEqual(valueAt(shown, 'master_keys', alice.userId), first.body['master_key']);
  const done = await confirmed(alice, 'POST', uploadPath, second.body);
  assert.equal(done.status, 200);
  const after = await query(alice, alice);
  assert.deepEqual(valueAt(after, 'master_keys', alice.userId), second.body['master_key']);
});

test('of two first uploads at once one needs the password', async (given) => {
  const alice = await given.newUser();
  const uploads = [newCrossSigning(alice), newCrossSigning(alice), newCrossSigning(alice)];
  const answers = await Promise.all(
    uploads.map(({ body }) => alice.request('POST', uploadPath, { body })),
  );
  const statuses = answers.map(({ status }) => status).toSorted((one, other) => one - other);
  assert.deepEqual(statuses, [200, 401, 401]);
});

test('the keys may be left out once the session has them', async (given) => {
  const alice = await given.newUser();
  await publish(alice);
  const second = newCrossSigning(alice);
  const challenge = await alice.request('POST', uploadPath, { body: second.body });
  const auth = {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: alice.userId },
    password: 'correct horse battery staple',
    session: textAt(challenge.body, 'session'),
  };
  await ok(alice, 'POST', uploadPath, { body: { auth } });
  const shown = await query(alice, alice);
  assert.deepEqual(valueAt(shown, 'master_keys', alice.userId), second.body['master_key']);
});

test('one changed key among known ones needs the password', async (given) => {
  const alice = await given.newUser();
  const { master } = await publish(alice);
  const other = crossSigningKey(alice.userId, 'user_signing', newIdentity(), master);
  const body = { user_signing_key: other };
  assert.equal((await alice.request('POST', uploadPath, { body })).status, 401);
});

test('all see the master and self-signing keys, the user alone the user-signing key', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const { body } = await publish(bob);
  const [own, others] = [await query(bob, bob), await query(alice, bob)];
  for (const shown of [own, others]) {
    assert.deepEqual(valueAt(shown, 'master_keys', bob.userId), body['master_key']);
    assert.deepEqual(valueAt(shown, 'self_signing_keys', bob.userId), body['self_signing_key']);
  }
  assert.deepEqual(valueAt(own, 'user_signing_keys', bob.userId), body['user_signing_key']);
  assert.deepEqual(valueAt(others, 'user_signing_keys'), {});
});

test('keys that are not what they should be are refused', async (given) => {
  const alice = await given.newUser();
  const { body, master } = newCrossSigning(alice);
  const { userId } = alice;
  const cases: [string, object][] = [
    ['400 M_MISSING_PARAM', { self_signing_key: body['self_signing_key'] }],
    ['400 M_MISSING_PARAM', {}],
    ['400 M_INVALID_PARAM', { master_key: crossSigningKey('@bob:soma.test', 'master', master) }],
    ['400 M_INVALID_PARAM', { master_key: crossSigningKey(userId, 'self_signing', master) }],
    ['400 M_INVALID_PARAM', { master_key: { ...body['master_key'], keys: {} } }],
    ['400 M_INVALID_PARAM', { master_key: { ...body['master_key'], keys: { 'ed25519:a': 'b' } } }],
    ['400 M_BAD_JSON', { master_key: 'key' }],
    [
      '400 M_INVALID_SIGNATURE',
      {
        ...body,
        self_signing_key: crossSigningKey(userId, 'self_signing', newIdentity(), newIdentity()),
      },
    ],
    [
      '400 M_INVALID_SIGNATURE',
      { ...body, user_signing_key: crossSigningKey(userId, 'user_signing', newIdentity()) },
    ],
  ];
  for (const [expected, each] of cases) {
    const refused = await refusal(alice, 'POST', uploadPath, { body: each });
    assert.equal(refused, expected, JSON.stringify(each));
  }
  const identity = newIdentity();
  const login = {
    type: 'm.login.password',
    identifier: { type: 'm.id.user', user: userId },
    password: 'correct horse battery staple',
    device_id: identity.publicKey,
  };
  await ok(alice, 'POST', `${v3}/login`, { body: login });
  const named = { master_key: crossSigningKey(userId, 'master', identity) };
  assert.equal(await refusal(alice, 'POST', uploadPath, { body: named }), '403 M_FORBIDDEN');
});

test('a device that is signed, and a master key signed by a device, are shown signed to all', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const phone = newIdentity();
  const keys = deviceKeys(bob, phone);
  await ok(bob, 'POST', `${v3}/keys/upload`, { body: { device_keys: keys } });
  const { master, selfSigning, body } = await publish(bob);
  const masterKey = body['master_key'] ?? {};
  const signedDevice = signedBy(keys, bob.userId, selfSigning.publicKey, selfSigning);
  const signedMaster = signedBy(masterKey, bob.userId, bob.deviceId, phone);
  const objects = { [bob.deviceId]: signedDevice, [master.publicKey]: signedMaster };
  assert.deepEqual(await sign(bob, { [bob.userId]: objects }), {});
  const shown = await query(alice, bob);
  const device = valueAt(shown, 'device_keys', bob.userId, bob.deviceId, 'signatures');
  assert.deepEqual(device, signedDevice['signatures']);
  assert.deepEqual(valueAt(shown, 'master_keys', bob.userId), signedMaster);
});

test('whom somebody trusts is seen by that user alone', async (given) => {
  const [alice, bob, carol] = [
    await given.newUser(),
    await given.newUser(),
    await given.user('carol'),
  ];
  const [ofAlice, ofBob] = [await publish(alice), await publish(bob)];
  const masterKey = ofBob.body['master_key'] ?? {};
  const { publicKey } = ofAlice.userSigning;
  const signed = signedBy(masterKey, alice.userId, publicKey, ofAlice.userSigning);
  assert.deepEqual(await sign(alice, { [bob.userId]: { [ofBob.master.publicKey]: signed } }), {});
  const masterAs = async (viewer: TestUser): Promise<unknown> =>
    valueAt(await query(viewer, bob), 'master_keys', bob.userId);
  assert.deepEqual(await masterAs(alice), signed);
  assert.deepEqual(await masterAs(bob), masterKey);
  assert.deepEqual(await masterAs(carol), masterKey);
});

test('each signature that is wrong is named, and the others hold', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const secondDevice = await logIn(given.server, alice.userId);
  const [first, second] = [
    deviceKeys(alice, newIdentity()),
    deviceKeys(secondDevice, newIdentity()),
  ];
  await ok(alice, 'POST', `${v3}/keys/upload`, { body: { device_keys: first } });
  await ok(secondDevice, 'POST', `${v3}/keys/upload`, { body: { device_keys: second } });
  const { selfSigning } = await publish(alice);
  const ofBob = await publish(bob);
  const by = (object: JsonObject, identity: SigningIdentity): JsonObject =>
    signedBy(object, alice.userId, selfSigning.publicKey, identity);
  const failures = await sign(alice, {
    [alice.userId]: {
      [alice.deviceId]: by(first, selfSigning),
      [secondDevice.deviceId]: by(second, newIdentity()),
      NONE: by(first, selfSigning),
    },
    [bob.userId]: { [ofBob.master.publicKey]: by(ofBob.body['master_key'] ?? {}, selfSigning) },
    '@nobody:soma.test': { key: by(first, selfSigning) },
  });
  const codes = (userId: string, key: string): unknown => valueAt(failures, userId, key, 'errcode');
  assert.equal(codes(alice.userId, alice.deviceId), undefined);
  assert.equal(codes(alice.userId, secondDevice.deviceId), 'M_INVALID_SIGNATURE');
  assert.equal(codes(alice.userId, 'NONE'), 'M_NOT_FOUND');
  assert.equal(codes(bob.userId, ofBob.master.publicKey), 'M_INVALID_SIGNATURE');
  assert.equal(codes('@nobody:soma.test', 'key'), 'M_NOT_FOUND');
  const changed = by({ ...second, algorithms: [] }, selfSigning);
  const other = await sign(alice, { [alice.userId]: { [secondDevice.deviceId]: changed } });
  const code = valueAt(other, alice.userId, secondDevice.deviceId, 'errcode');
  assert.equal(code, 'M_INVALID_PARAM');
  const path = `${v3}/keys/signatures/upload`;
  const body = { [alice.userId]: 'signature' };
  assert.equal(await refusal(alice, 'POST', path, { body }), '400 M_INVALID_PARAM');
});
