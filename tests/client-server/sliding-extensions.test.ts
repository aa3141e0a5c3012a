import assert from 'node:assert/strict';

import { createRoom, joinRoom, sendText, type TestUser } from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { ok, outcome, roomPath, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';
import { expectRoom, listOf, slide, slideDuring, slidingPath } from './sliding-view.ts';

const test = serverTests();

function asking(extensions: object, list: object = {}): object {
  return { ...listOf(list), extensions };
}

function setAccountData(user: TestUser, type: string, body: object, roomId?: string) {
  const room = roomId === undefined ? '' : `/rooms/${encodeURIComponent(roomId)}`;
  const path = `${v3}/user/${encodeURIComponent(user.userId)}${room}/account_data/${type}`;
  return ok(user, 'PUT', path, { body });
}

function typesOf(extension: unknown, ...path: string[]): string[] {
  const list = valueAt(extension, ...path);
  return Array.isArray(list) ? list.map((event) => textAt(event, 'type')).toSorted() : [];
}

test('account data come whole, then what changed, also of rooms that were out of the window', async (given) => {
  const alice = await given.newUser();
  const [old, young] = [await createRoom(alice), await createRoom(alice)];
  await setAccountData(alice, 'org.example.a', { n: 1 });
  await setAccountData(alice, 'org.example.r', { n: 1 }, old);
  const all = asking({ account_data: { enabled: true } });
  const one = asking({ account_data: { enabled: true } }, { ranges: [[0, 0]] });
  const first = await slide(alice, all);
  const told = first.extension('account_data');
  assert.deepEqual(typesOf(told, 'global'), ['m.push_rules', 'org.example.a']);
  assert.deepEqual(typesOf(told, 'rooms', old), ['org.example.r']);
  assert.equal(valueAt(told, 'rooms', young), undefined);
  const second = await slideDuring(alice, one, first.pos, () =>
    setAccountData(alice, 'org.example.a', { n: 2 }),
  );
  assert.deepEqual(second.extension('account_data'), {
    global: [{ type: 'org.example.a', content: { n: 2 } }],
    rooms: {},
  });
  await setAccountData(alice, 'org.example.r', { n: 2 }, old);
  const third = await slide(alice, one, { pos: second.pos });
  assert.deepEqual(third.extension('account_data'), { global: [], rooms: {} });
  const fourth = await slide(alice, all, { pos: third.pos });
  assert.deepEqual(valueAt(fourth.extension('account_data'), 'rooms', old), [
    { type: 'org.example.r', content: { n: 2 } },
  ]);
});

test('receipts come for what is shown, and then as they are sent', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.user('bob')];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const events: string[] = [];
  for (const text of ['one', 'two', 'three']) events.push(await sendText(alice, roomId, text));
  const read = (user: TestUser, eventId = '', type = 'm.read'): Promise<unknown> =>
    ok(user, 'POST', roomPath(roomId, 'receipt', type, eventId), { body: {} });
  await read(bob, events[0]);
  await read(alice, events[1], 'm.read.private');
  const ask = (limit: number): object => ({
    ...listOf({}, [], limit),
    extensions: { receipts: { enabled: true } },
  });
  const short = await slide(alice, ask(1));
  const content = valueAt(short.extension('receipts'), 'rooms', roomId, 'content');
  assert.deepEqual(Object.keys(Object(content)), [events[1]]);
  const next = await slideDuring(alice, ask(1), short.pos, () => read(bob, events[2]));
  assert.equal(valueAt(next.extension('receipts'), 'rooms', roomId, 'type'), 'm.receipt');
  const later = valueAt(next.extension('receipts'), 'rooms', roomId, 'content', events[2] ?? '');
  assert.ok(valueAt(later, 'm.read', bob.userId));
  // Nobody is told what another has read in private.
  await read(alice, events[2], 'm.read.private');
  const ofBob = await slide(bob, ask(10));
  assert.ok(!JSON.stringify(ofBob.json).includes('m.read.private'));
});

test('counts fall when the user reads', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.user('bob')];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const eventId = await sendText(bob, roomId, `hello ${alice.userId}`);
  const first = await slide(alice, listOf());
  assert.equal(expectRoom(first, roomId).at('notification_count'), 1);
  const read = roomPath(roomId, 'receipt', 'm.read', eventId);
  const second = await slideDuring(alice, listOf(), first.pos, () =>
    ok(alice, 'POST', read, { body: {} }),
  );
  assert.equal(expectRoom(second, roomId).at('notification_count'), 0);
});

test('who types is told, and who stops', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.user('bob')];
  const roomId = await createRoom(alice, { preset: 'public_chat' });
  await joinRoom(bob, roomId);
  const question = asking({ typing: { enabled: true } });
  const type = (typing: boolean): Promise<unknown> =>
    ok(bob, 'PUT', roomPath(roomId, 'typing', bob.userId), { body: { typing, timeout: 30_000 } });
  const first = await slide(alice, question);
  assert.deepEqual(first.extension('typing'), { rooms: {} });
  const second = await slideDuring(alice, question, first.pos, () => type(true));
  const content = (view: typeof first): unknown =>
    valueAt(view.extension('typing'), 'rooms', roomId, 'content', 'user_ids');
  assert.deepEqual(content(second), [bob.userId]);
  const other = await slide(alice, { ...question, conn_id: 'other' });
  assert.deepEqual(content(other), [bob.userId]);
  const third = await slideDuring(alice, question, second.pos, () => type(false));
  assert.deepEqual(content(third), []);
});

test('extensions are told for the lists and subscriptions that they name', async (given) => {
  const alice = await given.newUser();
  const roomId = await createRoom(alice);
  await setAccountData(alice, 'org.example.r', {}, roomId);
  const listed = async (scope: object): Promise<string[]> => {
    const view = await slide(alice, asking({ account_data: { enabled: true, ...scope } }));
    return Object.keys(Object(valueAt(view.extension('account_data'), 'rooms')));
  };
  assert.deepEqual(await listed({ lists: ['all'] }), [roomId]);
  assert.deepEqual(await listed({ lists: ['other'] }), []);
  const subscribed = async (rooms: readonly string[]): Promise<unknown> => {
    const view = await slide(alice, {
      room_subscriptions: { [roomId]: { required_state: [], timeline_limit: 0 } },
      extensions: { account_data: { enabled: true, rooms } },
    });
    return Object.keys(Object(valueAt(view.extension('account_data'), 'rooms')));
  };
  assert.deepEqual(await subscribed([roomId]), [roomId]);
  assert.deepEqual(await subscribed(['!other:example.org']), []);
  const off = await slide(alice, asking({ account_data: { enabled: false }, typing: null }));
  assert.deepEqual(valueAt(off.json, 'extensions'), {});
  assert.equal(listAt(off.window('all')).length, 1);
});

test('messages to a device come until they are acknowledged, and its keys are counted', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.user('bob')];
  const extensions = (since?: string): object => ({
    to_device: { enabled: true, ...(since === undefined ? {} : { since }) },
    e2ee: { enabled: true },
  });
  const first = await slide(alice, asking(extensions()));
  assert.deepEqual(valueAt(first.extension('to_device'), 'events'), []);
  assert.ok(valueAt(first.extension('e2ee'), 'device_one_time_keys_count'));
  const messages = { [alice.userId]: { [alice.deviceId]: { n: 1 } } };
  const since = textAt(first.extension('to_device'), 'next_batch');
  const second = await slideDuring(alice, asking(extensions(since)), first.pos, () =>
    ok(bob, 'PUT', `${v3}/sendToDevice/org.example.hello/one`, { body: { messages } }),
  );
  assert.deepEqual(typesOf(second.extension('to_device'), 'events'), ['org.example.hello']);
  const again = await slide(alice, asking(extensions(since)), { pos: second.pos });
  assert.deepEqual(typesOf(again.extension('to_device'), 'events'), ['org.example.hello']);
  const next = textAt(again.extension('to_device'), 'next_batch');
  const third = await slide(alice, asking(extensions(next)), { pos: again.pos });
  assert.deepEqual(typesOf(third.extension('to_device'), 'events'), []);
  const anew = await slide(alice, asking(extensions()));
  assert.deepEqual(typesOf(anew.extension('to_device'), 'events'), []);
  for (const n of ['two', 'three', 'four']) {
    await ok(bob, 'PUT', `${v3}/sendToDevice/org.example.${n}/${n}`, { body: { messages } });
  }
  const few = (from?: string) =>
    slide(alice, asking({ to_device: { enabled: true, limit: 2, ...(from && { since: from }) } }));
  const part = await few();
  const names = ['org.example.three', 'org.example.two'];
  assert.deepEqual(typesOf(part.extension('to_device'), 'events'), names);
  const rest = await few(textAt(part.extension('to_device'), 'next_batch'));
  assert.deepEqual(typesOf(rest.extension('to_device'), 'events'), ['org.example.four']);
  const wrong = await alice.request('POST', slidingPath, { body: asking(extensions('17')) });
  assert.equal(outcome(wrong), '400 M_INVALID_PARAM');
});
