import assert from 'node:assert/strict';

import {
  createRoom,
  registerAdmin,
  registerGuest,
  sync,
  type TestUser,
} from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { ok, readContent, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

async function joinedRooms(user: TestUser): Promise<unknown[]> {
  return listAt(await ok(user, 'GET', `${v3}/joined_rooms`), 'joined_rooms');
}

const open = serverTests({
  auto_join_rooms: ['#welcome:soma.test', '#elsewhere:other.test'],
  autocreate_auto_join_rooms_federated: false,
  allow_guest_access: true,
  auto_join_rooms_for_guests: false,
});

open('the first user makes the rooms of new users, and the others join them', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const [room, ...others] = await joinedRooms(alice);
  assert.equal(typeof room, 'string');
  assert.deepEqual(others, []);
  assert.deepEqual(await joinedRooms(bob), [room]);
  const alias = await readContent(bob, String(room), 'm.room.canonical_alias');
  assert.deepEqual(alias, { alias: '#welcome:soma.test' });
  const create = await readContent(bob, String(room), 'm.room.create');
  assert.equal(valueAt(create, 'm.federate'), false);
  const member = await readContent(bob, String(room), 'm.room.member', bob.userId);
  assert.equal(valueAt(member, 'membership'), 'join');
  assert.equal(typeof valueAt(member, 'displayname'), 'string');
  assert.deepEqual(await joinedRooms(await registerAdmin(given.server, 'root')), [room]);
  const { body } = await sync(await registerGuest(given.server));
  assert.equal(valueAt(body, 'rooms'), undefined);
});

const hosted = serverTests({
  auto_join_rooms: ['#inner:soma.test'],
  autocreate_auto_join_room_preset: 'private_chat',
  auto_join_mxid_localpart: 'host',
});

hosted('who makes the rooms invites new users where they need it', async (given) => {
  const host = await given.user('host');
  const [room] = await joinedRooms(host);
  assert.equal(typeof room, 'string');
  const alice = await given.newUser();
  assert.deepEqual(await joinedRooms(alice), [room]);
  const rules = await readContent(alice, String(room), 'm.room.join_rules');
  assert.deepEqual(rules, { join_rule: 'invite' });
});

const existing = serverTests({
  auto_join_rooms: ['#there:soma.test'],
  autocreate_auto_join_rooms: false,
});

existing('rooms that are not there are not made, and joined once they are', async (given) => {
  const alice = await given.newUser();
  assert.deepEqual(await joinedRooms(alice), []);
  const room = await createRoom(alice, { preset: 'public_chat', room_alias_name: 'there' });
  assert.deepEqual(await joinedRooms(await given.newUser()), [room]);
});
