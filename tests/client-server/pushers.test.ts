import assert from 'node:assert/strict';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import {
  createRoom,
  inviteUser,
  joinRoom,
  logIn,
  sendEvent,
  sendText,
  testPassword,
  type TestUser,
} from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { startPushGateway } from '../harness/push-gateway.ts';
import { ok, refusal, roomPath, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const test = serverTests({ ip_range_whitelist: ['127.0.0.1/32'] });
const strict = serverTests({ push: { allow_http: false } });
const gateway = await startPushGateway();
after(() => gateway.close());

let pushkeys = 0;

function newPushkey(): string {
  pushkeys += 1;
  return `key-${pushkeys}`;
}

function pusher(pushkey: string, data: object = {}): Record<string, unknown> {
  return {
    kind: 'http',
    app_id: 'org.example.app',
    pushkey,
    app_display_name: 'App',
    device_display_name: 'Phone',
    lang: 'en',
    data: { url: gateway.url, ...data },
  };
}

async function addPusher(user: TestUser, data: object = {}, more: object = {}): Promise<string> {
  const pushkey = newPushkey();
  await ok(user, 'POST', `${v3}/pushers/set`, { body: { ...pusher(pushkey, data), ...more } });
  return pushkey;
}

async function pushkeysOf(user: TestUser): Promise<string[]> {
  const body = await ok(user, 'GET', `${v3}/pushers`);
  return listAt(body, 'pushers').map((one) => textAt(one, 'pushkey'));
}

async function sharedRoom(alice: TestUser, bob: TestUser): Promise<string> {
  const roomId = await createRoom(alice, { preset: 'public_chat', name: 'Lab' });
  await joinRoom(bob, roomId);
  return roomId;
}

const eventIds = (told: unknown[]): unknown[] =>
  told.map((one) => valueAt(one, 'event_id')).filter((id) => id !== undefined);

const tellsOf = (eventId: string) => (told: unknown[]) => eventIds(told).includes(eventId);

const lastBadgeIs = (badge: number) => (told: unknown[]) =>
  valueAt(told.at(-1), 'counts', 'unread') === badge;

test('a gateway is told of a message, with its content, room and sender', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await sharedRoom(alice, bob);
  await sendText(alice, roomId, 'before the pusher');
  await ok(bob, 'POST', roomPath(roomId, 'receipt', 'm.read', await sendText(alice, roomId, 'x')), {
    body: {},
  });
  const pushkey = await addPusher(bob, { default_payload: { mine: 1 } });
  const eventId = await sendText(alice, roomId, 'hello');
  const told = await gateway.until(pushkey, tellsOf(eventId));
  assert.deepEqual(eventIds(told), [eventId]);
  const notification = told.at(-1);
  const device = valueAt(notification, 'devices', 0);
  const { pushkey_ts: pushkeyTs, ...others } = device as Record<string, unknown>;
  assert.ok(Number.isInteger(pushkeyTs) && Number(pushkeyTs) < Date.now() / 100);
  assert.deepEqual(others, {
    app_id: 'org.example.app',
    pushkey,
    data: { default_payload: { mine: 1 } },
    tweaks: { sound: 'default' },
  });
  const name = alice.userId.slice(1).split(':')[0];
  assert.deepEqual(
    { ...(notification as object), devices: [] },
    {
      event_id: eventId,
      id: eventId,
      room_id: roomId,
      type: 'm.room.message',
      sender: alice.userId,
      sender_display_name: name,
      room_name: 'Lab',
      content: { msgtype: 'm.text', body: 'hello' },
      counts: { unread: 1 },
      prio: 'high',
      devices: [],
    },
  );
});

test('what highlights, rings or is encrypted is urgent', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await sharedRoom(alice, bob);
  const pushkey = await addPusher(bob);
  const mention = await sendEvent(alice, roomId, 'm.room.message', {
    msgtype: 'm.text',
    body: 'you',
    'm.mentions': { user_ids: [bob.userId] },
  });
  const call = await sendEvent(alice, roomId, 'm.call.invite', {
    call_id: '1',
    party_id: '1',
    version: '1',
    lifetime: 60_000,
    offer: { type: 'offer', sdp: 'x' },
  });
  const secret = await sendEvent(alice, roomId, 'm.room.encrypted', {
    algorithm: 'm.megolm.v1.aes-sha2',
    ciphertext: 'x',
    session_id: 'y',
  });
  const told = await gateway.until(pushkey, tellsOf(secret));
  const events = told.filter((one) => valueAt(one, 'event_id') !== undefined);
  assert.deepEqual(eventIds(told), [mention, call, secret]);
  assert.deepEqual(
    events.map((one) => valueAt(one, 'prio')),
    ['high', 'high', 'high'],
  );
  const tweaks = (index: number): unknown => valueAt(events[index], 'devices', 0, 'tweaks');
  assert.deepEqual(tweaks(0), { highlight: true, sound: 'default' });
  assert.deepEqual(tweaks(1), { sound: 'ring' });
  await sendText(bob, roomId, 'own');
  await gateway.until(pushkey, lastBadgeIs(0));
});

test('event_id_only tells no more than where to look', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await sharedRoom(alice, bob);
  await joinRoom(await given.newUser(), roomId);
  const pushkey = await addPusher(bob, { format: 'event_id_only' });
  const eventId = await sendText(alice, roomId, 'secret');
  const told = await gateway.until(pushkey, tellsOf(eventId));
  assert.deepEqual(Object.keys(told.at(-1) as object).toSorted(), [
    'counts',
    'devices',
    'event_id',
    'prio',
    'room_id',
  ]);
  // In a room of more than two nothing rings.
  assert.equal(valueAt(told.at(-1), 'prio'), 'low');
  assert.deepEqual(valueAt(told.at(-1), 'devices', 0, 'data'), { format: 'event_id_only' });
});

test('the number of unread rooms follows messages, invitations and reading', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const [one, other] = [await sharedRoom(alice, bob), await sharedRoom(alice, bob)];
  const pushkey = await addPusher(bob);
  await sendText(alice, one, '1');
  const last = await sendText(alice, one, '2');
  await gateway.until(pushkey, (told) => tellsOf(last)(told) && lastBadgeIs(1)(told));
  await sendText(alice, other, '3');
  await gateway.until(pushkey, lastBadgeIs(2));
  const invitedTo = await createRoom(alice, { name: 'Party' });
  await inviteUser(alice, invitedTo, bob.userId);
  const isInvitation = (each: unknown): boolean => valueAt(each, 'room_id') === invitedTo;
  const told = await gateway.until(pushkey, (all) => all.some(isInvitation));
  const invitation = told.find(isInvitation);
  assert.equal(valueAt(invitation, 'counts', 'unread'), 3);
  assert.equal(valueAt(invitation, 'membership'), 'invite');
  assert.equal(valueAt(invitation, 'user_is_target'), true);
  assert.equal(valueAt(invitation, 'room_name'), 'Party');
  await ok(bob, 'POST', roomPath(one, 'receipt', 'm.read', last), { body: {} });
  const read = await gateway.until(pushkey, lastBadgeIs(2));
  assert.deepEqual(Object.keys(read.at(-1) as object).toSorted(), ['counts', 'devices']);
  await ok(bob, 'POST', roomPath(invitedTo, 'leave'), { body: {} });
  await gateway.until(pushkey, lastBadgeIs(1));
});

test('what is muted, from somebody ignored or one’s own is not told', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const carol = await given.newUser();
  const roomId = await sharedRoom(alice, bob);
  await joinRoom(carol, roomId);
  const muted = await sharedRoom(alice, bob);
  const rule = `${v3}/pushrules/global/room/${encodeURIComponent(muted)}`;
  await ok(bob, 'PUT', rule, { body: { actions: [] } });
  const ignored = `${v3}/user/${bob.userId}/account_data/m.ignored_user_list`;
  await ok(bob, 'PUT', ignored, { body: { ignored_users: { [carol.userId]: {} } } });
  const pushkey = await addPusher(bob);
  await sendText(alice, muted, 'quiet');
  await sendText(carol, roomId, 'ignored');
  await sendText(bob, roomId, 'own');
  const eventId = await sendText(alice, roomId, 'loud');
  assert.deepEqual(eventIds(await gateway.until(pushkey, tellsOf(eventId))), [eventId]);
});

test('a gateway that fails is tried again, also after a crash', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await sharedRoom(alice, bob);
  const pushkey = await addPusher(bob);
  gateway.status = 502;
  const first = await sendText(alice, roomId, 'first');
  await gateway.until(pushkey, tellsOf(first));
  const second = await sendText(alice, roomId, 'second');
  await given.server.kill();
  gateway.status = 200;
  const before = gateway.requests.length;
  await given.server.restart();
  await gateway.until(pushkey, tellsOf(second));
  const later = gateway.requests.slice(before).map((body) => valueAt(body, 'notification'));
  assert.deepEqual(eventIds(later), [first, second]);
});

test('a pushkey that the gateway rejects ends its pusher', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await sharedRoom(alice, bob);
  const [gone, kept] = [await addPusher(bob), await addPusher(bob)];
  gateway.rejected = [gone];
  const eventId = await sendText(alice, roomId, 'hello');
  await gateway.until(gone, (told) => told.length > 0);
  await gateway.until(kept, tellsOf(eventId));
  while ((await pushkeysOf(bob)).length > 1) await sleep(20);
  assert.deepEqual(await pushkeysOf(bob), [kept]);
  gateway.rejected = [];
});

test('a pusher goes with its device, and with its key to another user', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const phone = await logIn(given.server, bob.userId);
  const kept = await addPusher(bob);
  const gone = await addPusher(phone);
  assert.deepEqual(await pushkeysOf(bob), [kept, gone]);
  // Set again by another device it stays with the one that made it.
  await ok(bob, 'POST', `${v3}/pushers/set`, { body: pusher(gone) });
  await ok(phone, 'POST', `${v3}/logout`, { body: {} });
  assert.deepEqual(await pushkeysOf(bob), [kept]);
  await ok(alice, 'POST', `${v3}/pushers/set`, { body: { ...pusher(kept), append: true } });
  assert.deepEqual(await pushkeysOf(bob), [kept]);
  await ok(alice, 'POST', `${v3}/pushers/set`, { body: pusher(kept) });
  assert.deepEqual(await pushkeysOf(bob), []);
  assert.deepEqual(await pushkeysOf(alice), [kept]);
  const nothing = { kind: null, app_id: 'org.example.app', pushkey: kept };
  await ok(alice, 'POST', `${v3}/pushers/set`, { body: nothing });
  await ok(alice, 'POST', `${v3}/pushers/set`, { body: nothing });
  assert.deepEqual(await pushkeysOf(alice), []);
});

test('a new password ends the pushers of the sessions that it ends', async (given) => {
  const bob = await given.newUser();
  const phone = await logIn(given.server, bob.userId);
  const own = await addPusher(bob);
  await addPusher(phone);
  const change = async (logsOut: boolean): Promise<void> => {
    const body = { new_password: testPassword, logout_devices: logsOut };
    const challenge = await bob.request('POST', `${v3}/account/password`, { body });
    const auth = {
      type: 'm.login.password',
      identifier: { type: 'm.id.user', user: bob.userId },
      password: testPassword,
      session: textAt(challenge.body, 'session'),
    };
    await ok(bob, 'POST', `${v3}/account/password`, { body: { ...body, auth } });
  };
  await change(false);
  assert.equal((await pushkeysOf(bob)).length, 2);
  await change(true);
  assert.deepEqual(await pushkeysOf(bob), [own]);
});

test('a pusher can be turned off and on, also that of another device (MSC3881)', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await sharedRoom(alice, bob);
  const pushkey = await addPusher(bob, {}, { 'org.matrix.msc3881.enabled': false });
  const other = await addPusher(bob);
  const listed = valueAt(await ok(bob, 'GET', `${v3}/pushers`), 'pushers', 0);
  assert.equal(valueAt(listed, 'org.matrix.msc3881.enabled'), false);
  assert.equal(valueAt(listed, 'org.matrix.msc3881.device_id'), bob.deviceId);
  await gateway.until(other, () => true);
  const unheard = await sendText(alice, roomId, 'nobody hears');
  await gateway.until(other, tellsOf(unheard));
  await ok(bob, 'POST', `${v3}/pushers/set`, { body: pusher(pushkey) });
  const heard = await sendText(alice, roomId, 'heard');
  assert.deepEqual(eventIds(await gateway.until(pushkey, tellsOf(heard))), [heard]);
});

test('wrong pushers are refused', async (given) => {
  const bob = await given.newUser();
  const set = (body: object): Promise<string> =>
    refusal(bob, 'POST', `${v3}/pushers/set`, { body });
  for (const name of ['app_display_name', 'device_display_name', 'lang', 'data']) {
    const { [name]: _left, ...others } = pusher('refused');
    assert.equal(await set(others), '400 M_MISSING_PARAM', name);
  }
  assert.equal(await set({ ...pusher('refused'), kind: 'pigeon' }), '400 M_INVALID_PARAM');
  assert.equal(await set({ ...pusher('refused'), app_id: 'x'.repeat(65) }), '400 M_INVALID_PARAM');
  assert.equal(await set(pusher('x'.repeat(513))), '400 M_INVALID_PARAM');
  assert.equal(await set({ ...pusher('refused'), data: {} }), '400 M_MISSING_PARAM');
  const urls = ['nonsense', 'https://example.org/', 'ftp://example.org/_matrix/push/v1/notify'];
  for (const url of [...urls, 'https://a:b@example.org/_matrix/push/v1/notify']) {
    assert.equal(await set(pusher('refused', { url })), '400 M_INVALID_PARAM', url);
  }
  assert.equal(await set({ ...pusher('refused'), kind: 'email' }), '400 M_INVALID_PARAM');
  assert.deepEqual(await pushkeysOf(bob), []);
});

strict('an operator may refuse gateways without https', async (given) => {
  const bob = await given.newUser();
  const body = pusher('strict');
  assert.equal(await refusal(bob, 'POST', `${v3}/pushers/set`, { body }), '400 M_INVALID_PARAM');
  const url = 'https://push.example.org/_matrix/push/v1/notify';
  await ok(bob, 'POST', `${v3}/pushers/set`, { body: pusher('strict', { url }) });
});
