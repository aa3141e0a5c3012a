import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';

import { createRoom, joinRoom, logIn, registerUser, sendText } from '../harness/client.ts';
import { valueAt } from '../harness/json-path.ts';
import { confirmed } from './interactive.ts';
import { ok, outcome, readContent, readEvent, refusal, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const test = serverTests();
const deactivate = `${v3}/account/deactivate`;

test('an account ends with its sessions, rooms and profile, and its name stays taken', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.user('bob')];
  const localpart = alice.userId.slice(1).split(':')[0] ?? '';
  const phone = await logIn(given.server, localpart);
  const roomId = await createRoom(bob, { preset: 'public_chat' });
  const invited = await createRoom(bob, { invite: [alice.userId] });
  await joinRoom(alice, roomId);
  const challenge = await alice.request('POST', deactivate, { body: {} });
  assert.equal(challenge.status, 401);
  assert.equal(typeof valueAt(challenge.body, 'session'), 'string');
  const wrong = await confirmed(alice, 'POST', deactivate, {}, 'wrong');
  assert.equal(outcome(wrong), '401 M_FORBIDDEN');
  const { status, body } = await confirmed(alice, 'POST', deactivate);
  assert.deepEqual([status, body], [200, { id_server_unbind_result: 'success' }]);

  for (const user of [alice, phone]) {
    assert.equal(await refusal(user, 'GET', `${v3}/account/whoami`), '401 M_UNKNOWN_TOKEN');
  }
  for (const room of [roomId, invited]) {
    const member = await readContent(bob, room, 'm.room.member', alice.userId);
    assert.equal(valueAt(member, 'membership'), 'leave');
  }
  const profile = await ok(bob, 'GET', `${v3}/profile/${encodeURIComponent(alice.userId)}`);
  assert.deepEqual(profile, {});
  await assert.rejects(logIn(given.server, localpart), /403.*M_USER_DEACTIVATED/);
  await assert.rejects(registerUser(given.server, localpart), /M_USER_IN_USE/);
});

test('what an erased user said is shown only to those who were there', async (given) => {
  const [alice, bob, eve] = [
    await given.newUser(),
    await given.user('bob'),
    await given.user('eve'),
  ];
  const roomId = await createRoom(bob, { preset: 'public_chat' });
  await joinRoom(alice, roomId);
  const eventId = await sendText(alice, roomId, 'a secret');
  await joinRoom(eve, roomId);
  const bodyFor = async (reader: typeof bob): Promise<unknown> =>
    valueAt((await readEvent(reader, roomId, eventId)).content, 'body');
  assert.equal(await bodyFor(eve), 'a secret');
  assert.equal((await confirmed(alice, 'POST', deactivate, { erase: true })).status, 200);
  assert.equal(await bodyFor(bob), 'a secret');
  assert.equal(await bodyFor(eve), undefined);
});

test('devices are deleted by who has the password', async (given) => {
  const alice = await given.newUser();
  const localpart = alice.userId.slice(1).split(':')[0] ?? '';
  const phone = await logIn(given.server, localpart);
  const path = `${v3}/devices/${encodeURIComponent(phone.deviceId)}`;
  assert.equal(outcome(await confirmed(alice, 'DELETE', path, {}, 'wrong')), '401 M_FORBIDDEN');
  await ok(phone, 'GET', `${v3}/account/whoami`);
  assert.equal((await confirmed(alice, 'DELETE', path)).status, 200);
  assert.equal(await refusal(phone, 'GET', `${v3}/account/whoami`), '401 M_UNKNOWN_TOKEN');
  const tablet = await logIn(given.server, localpart);
  const body = { devices: [tablet.deviceId] };
  assert.equal((await confirmed(alice, 'POST', `${v3}/delete_devices`, body)).status, 200);
  assert.equal(await refusal(tablet, 'GET', `${v3}/account/whoami`), '401 M_UNKNOWN_TOKEN');
});

test('a user whose account ended leaves the rooms also over a crash', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.user('bob')];
  const rooms: string[] = [];
  for (let count = 0; count < 20; count += 1) {
    const roomId = await createRoom(bob, { preset: 'public_chat' });
    await joinRoom(alice, roomId);
    rooms.push(roomId);
  }
  const ending = confirmed(alice, 'POST', deactivate).catch(() => undefined);
  while ((await alice.request('GET', `${v3}/account/whoami`)).status === 200) await sleep(1);
  await given.server.kill();
  await ending;
  await given.server.restart();
  for (const roomId of rooms) {
    const membership = async (): Promise<unknown> =>
      valueAt(await readContent(bob, roomId, 'm.room.member', alice.userId), 'membership');
    for (let tries = 0; (await membership()) !== 'leave'; tries += 1) {
      assert.ok(tries < 100, 'still in a room');
      await sleep(50);
    }
  }
});
