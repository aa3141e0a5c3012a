import assert from 'node:assert/strict';

import { joinRoom, registerAdmin, type TestUser } from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { act, ok, outcome, readContent, refusedAct, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';
import { expectJoined, sync } from './sync-view.ts';

const path = '/_synapse/admin/v1/send_server_notice';
const content = { msgtype: 'm.text', body: 'Back at noon' };

function notify(admin: TestUser, user: { readonly userId: string }): Promise<unknown> {
  return ok(admin, 'POST', path, { body: { user_id: user.userId, content } });
}

const test = serverTests({
  server_notices: { system_mxid_localpart: 'notices', room_topic: 'From those who run this' },
});

test('a user is invited to a room of notices, and cannot reject it', async (given) => {
  const [admin, alice] = [await registerAdmin(given.server, 'root'), await given.newUser()];
  await notify(admin, alice);
  const invited = await sync(alice);
  const [roomId = ''] = invited.rooms('invite');
  const tagPath = `${v3}/user/${encodeURIComponent(alice.userId)}/rooms/${encodeURIComponent(roomId)}/tags`;
  assert.deepEqual(await ok(alice, 'GET', tagPath), { tags: { 'm.server_notice': {} } });
  const refused = '403 M_CANNOT_LEAVE_SERVER_NOTICE_ROOM';
  assert.equal(await refusedAct(alice, roomId, 'leave'), refused);
  await joinRoom(alice, roomId);
  await notify(admin, alice);
  const room = expectJoined(await sync(alice), roomId);
  const notices = room.timeline.filter(({ type }) => type === 'm.room.message');
  assert.deepEqual(
    notices.map((event) => [event.sender, valueAt(event.content, 'body')]),
    [1, 2].map(() => ['@notices:soma.test', content.body]),
  );
  assert.deepEqual(await readContent(alice, roomId, 'm.room.name'), { name: 'Server Notices' });
  const member = await readContent(alice, roomId, 'm.room.member', '@notices:soma.test');
  assert.equal(valueAt(member, 'displayname'), 'Notices');
  const body = { msgtype: 'm.text', body: 'May I speak?' };
  const sent = await alice.request(
    'PUT',
    `${v3}/rooms/${encodeURIComponent(roomId)}/send/m.room.message/1`,
    { body },
  );
  assert.equal(outcome(sent), '403 M_FORBIDDEN');
  await act(alice, roomId, 'leave');
  await notify(admin, alice);
  assert.equal((await sync(alice)).rooms('invite').length, 1);
});

test('notices are sent once for each transaction, and to users of this server', async (given) => {
  const [admin, alice] = [await registerAdmin(given.server, 'boss'), await given.newUser()];
  const body = { user_id: alice.userId, content, type: 'org.example.notice', state_key: 'x' };
  const first = await ok(admin, 'PUT', `${path}/one`, { body });
  assert.deepEqual(await ok(admin, 'PUT', `${path}/one`, { body }), first);
  assert.match(textAt(first, 'event_id'), /^\$/);
  const outcomes: [body: object, expected: string][] = [
    [{ content }, '400 M_MISSING_PARAM'],
    [{ user_id: alice.userId }, '400 M_MISSING_PARAM'],
    [{ user_id: '@a:elsewhere.test', content }, '400 M_UNKNOWN'],
    [{ user_id: '@nobody:soma.test', content }, '404 M_NOT_FOUND'],
  ];
  for (const [wrong, expected] of outcomes) {
    assert.equal(outcome(await admin.request('POST', path, { body: wrong })), expected);
  }
  assert.equal(outcome(await alice.request('POST', path, { body })), '403 M_FORBIDDEN');
});

const joining = serverTests({
  server_notices: { system_mxid_localpart: 'server', auto_join: true, room_name: 'News' },
});

joining('an operator may have users join at once', async (given) => {
  const [admin, alice] = [await registerAdmin(given.server, 'root'), await given.newUser()];
  await notify(admin, alice);
  const view = await sync(alice);
  const [roomId = ''] = view.rooms('join');
  assert.deepEqual(await readContent(alice, roomId, 'm.room.name'), { name: 'News' });
  await ok(alice, 'GET', `${v3}/rooms/${encodeURIComponent(roomId)}/state`);
});

const without = serverTests();

without('where they are not set up nobody sends notices', async (given) => {
  const [admin, alice] = [await registerAdmin(given.server, 'root'), await given.newUser()];
  const body = { user_id: alice.userId, content };
  assert.equal(outcome(await admin.request('POST', path, { body })), '400 M_UNKNOWN');
});
