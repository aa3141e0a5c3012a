import assert from 'node:assert/strict';

import { createRoom, joinRoom, registerUser, type TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { ok, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const test = serverTests();
const everybody = serverTests({ user_directory: { search_all_users: true } });
const nobody = serverTests({ user_directory: { enabled: false } });
const path = `${v3}/user_directory/search`;

async function find(user: TestUser, term: string, limit?: number): Promise<string[]> {
  const body = { search_term: term, ...(limit === undefined ? {} : { limit }) };
  const answer = await ok(user, 'POST', path, { body });
  return listAt(answer, 'results').map((one) => textAt(one, 'user_id'));
}

async function rename(user: TestUser, displayname: string): Promise<void> {
  const profile = `${v3}/profile/${encodeURIComponent(user.userId)}/displayname`;
  await ok(user, 'PUT', profile, { body: { displayname } });
}

test('those are found who share a room or are in a public one', async (given) => {
  const alice = await given.user('alice');
  const bob = await registerUser(given.server, 'directory-bob');
  assert.deepEqual(await find(alice, 'directory-bob'), []);
  const roomId = await createRoom(bob);
  assert.deepEqual(await find(alice, 'directory-bob'), []);
  await ok(bob, 'POST', `${v3}/rooms/${encodeURIComponent(roomId)}/invite`, {
    body: { user_id: alice.userId },
  });
  await joinRoom(alice, roomId);
  assert.deepEqual(await find(alice, 'directory-bob'), [bob.userId]);
  const carol = await registerUser(given.server, 'directory-carol');
  await createRoom(carol, { preset: 'public_chat' });
  assert.deepEqual(await find(alice, 'DIRECTORY-CAROL'), [carol.userId]);
  assert.deepEqual(await find(alice, carol.userId), [carol.userId]);
});

everybody('names are found by the beginnings of their words, in any script', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  await rename(bob, 'Zoë Grüße 山田');
  assert.deepEqual(await find(alice, 'zoe grus'), [bob.userId]);
  assert.deepEqual(await find(alice, 'ZOË'), [bob.userId]);
  assert.deepEqual(await find(alice, '山'), [bob.userId]);
  assert.deepEqual(await find(alice, 'zoe x'), []);
  assert.deepEqual(await find(alice, 'oe'), []);
  await rename(bob, 'Somebody Else');
  assert.deepEqual(await find(alice, 'zoe'), []);
  const body = { search_term: 'somebody' };
  const [found] = listAt(await ok(alice, 'POST', path, { body }), 'results');
  assert.equal(valueAt(found, 'display_name'), 'Somebody Else');
});

everybody('a list that is cut says so, and one does not find oneself', async (given) => {
  const alice = await given.user('alice');
  for (const name of ['cut-one', 'cut-two', 'cut-three']) await registerUser(given.server, name);
  assert.equal((await find(alice, 'cut')).length, 3);
  const answer = await ok(alice, 'POST', path, { body: { search_term: 'cut', limit: 2 } });
  assert.equal(listAt(answer, 'results').length, 2);
  assert.equal(valueAt(answer, 'limited'), true);
  const none = await ok(alice, 'POST', path, { body: { search_term: 'cut', limit: 0 } });
  assert.deepEqual(listAt(none, 'results'), []);
  await ok(alice, 'POST', path, { body: { search_term: 'cut', limit: null } });
  assert.deepEqual(await find(alice, 'alice'), []);
  assert.deepEqual(await find(alice, ''), []);
  assert.equal(await refusal(alice, 'POST', path, { body: {} }), '400 M_MISSING_PARAM');
});

nobody('the directory can be turned off', async (given) => {
  const alice = await given.user('alice');
  const bob = await registerUser(given.server, 'off-bob');
  await createRoom(bob, { preset: 'public_chat' });
  assert.deepEqual(await find(alice, 'off-bob'), []);
});
