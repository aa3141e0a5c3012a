import assert from 'node:assert/strict';

import {
  createRoom,
  joinRoom,
  sendEvent,
  sendText,
  sync,
  type TestUser,
} from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { ok, outcome, readEvent, readMessages, refusal, roomPath, v3 } from './requests.ts';
import { serverTests } from './server-test.ts';

const test = serverTests();

/** A path below `/rooms/{roomId}` of v1. */
function v1Path(roomId: string, ...parts: readonly string[]): string {
  return roomPath(roomId, ...parts).replace('/v3/', '/v1/');
}

function relate(
  user: TestUser,
  roomId: string,
  eventId: string,
  relType: string,
  content: object = {},
  type = 'm.room.message',
): Promise<string> {
  return sendEvent(user, roomId, type, {
    msgtype: 'm.text',
    body: relType,
    ...content,
    'm.relates_to': { rel_type: relType, event_id: eventId },
  });
}

function react(user: TestUser, roomId: string, eventId: string, key: string) {
  const path = roomPath(roomId, 'send', 'm.reaction', `${Math.random()}`);
  const body = { 'm.relates_to': { rel_type: 'm.annotation', event_id: eventId, key } };
  return user.request('PUT', path, { body });
}

function edit(user: TestUser, roomId: string, eventId: string, text: string): Promise<string> {
  const content = { body: `* ${text}`, 'm.new_content': { msgtype: 'm.text', body: text } };
  return relate(user, roomId, eventId, 'm.replace', content);
}

async function redact(user: TestUser, roomId: string, eventId: string): Promise<void> {
  await ok(user, 'PUT', roomPath(roomId, 'redact', eventId, `${Math.random()}`), { body: {} });
}

async function bundleOf(user: TestUser, roomId: string, eventId: string): Promise<unknown> {
  const { json } = await readEvent(user, roomId, eventId);
  return valueAt(json, 'unsigned', 'm.relations');
}

async function relationsOf(
  user: TestUser,
  roomId: string,
  parts: readonly string[],
  query: Readonly<Record<string, string | number | boolean>> = {},
): Promise<{ ids: string[]; next: unknown; body: unknown }> {
  const body = await ok(user, 'GET', v1Path(roomId, 'relations', ...parts), { query });
  const ids = listAt(body, 'chunk').map((event) => textAt(event, 'event_id'));
  return { ids, next: valueAt(body, 'next_batch'), body };
}

async function threadsOf(
  user: TestUser,
  roomId: string,
  query: Readonly<Record<string, string | number>> = {},
): Promise<{ ids: string[]; next: unknown; body: unknown }> {
  const body = await ok(user, 'GET', v1Path(roomId, 'threads'), { query });
  const ids = listAt(body, 'chunk').map((event) => textAt(event, 'event_id'));
  return { ids, next: valueAt(body, 'next_batch'), body };
}

async function sharedRoom(...users: readonly TestUser[]): Promise<string> {
  const [first, ...others] = users;
  assert.ok(first !== undefined);
  const roomId = await createRoom(first, { preset: 'public_chat' });
  for (const other of others) await joinRoom(other, roomId);
  return roomId;
}

async function ignore(user: TestUser, ...ignored: readonly TestUser[]): Promise<void> {
  const path = `${v3}/user/${encodeURIComponent(user.userId)}/account_data/m.ignored_user_list`;
  const list = Object.fromEntries(ignored.map(({ userId }) => [userId, {}]));
  await ok(user, 'PUT', path, { body: { ignored_users: list } });
}

test('the latest valid edit is bundled wherever the event is read', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.user('bob')];
  const roomId = await sharedRoom(alice, bob);
  const eventId = await sendText(alice, roomId, 'first');
  await edit(alice, roomId, eventId, 'second');
  const latest = await edit(alice, roomId, eventId, 'third');
  await edit(bob, roomId, eventId, 'of another sender');
  await relate(alice, roomId, eventId, 'm.replace', { 'm.new_content': {} }, 'm.sticker');
  await relate(alice, roomId, eventId, 'm.replace');
  const edited = await edit(alice, roomId, latest, 'an edit of an edit');
  assert.equal(await bundleOf(alice, roomId, latest), undefined);
  assert.equal(await bundleOf(alice, roomId, edited), undefined);
  for (const user of [alice, bob]) {
    const bundle = await bundleOf(user, roomId, eventId);
    assert.equal(valueAt(bundle, 'm.replace', 'event_id'), latest);
    assert.equal(valueAt(bundle, 'm.replace', 'content', 'm.new_content', 'body'), 'third');
    assert.equal(valueAt(bundle, 'm.replace', 'room_id'), roomId);
  }
  const { events } = await readMessages(bob, roomId, { limit: 50 });
  const inMessages = events.find((event) => event.eventId === eventId);
  assert.equal(valueAt(inMessages?.json, 'content', 'body'), 'first');
  const replacement = ['unsigned', 'm.relations', 'm.replace', 'event_id'] as const;
  assert.equal(valueAt(inMessages?.json, ...replacement), latest);
  const context = await ok(bob, 'GET', roomPath(roomId, 'context', eventId));
  assert.equal(valueAt(context, 'event', ...replacement), latest);
  await redact(alice, roomId, latest);
  const before = await bundleOf(bob, roomId, eventId);
  assert.equal(valueAt(before, 'm.replace', 'content', 'm.new_content', 'body'), 'second');
  await redact(alice, roomId, eventId);
  assert.equal(await bundleOf(bob, roomId, eventId), undefined);
});

test('a limited timeline has the aggregations, without room_id', async (given) => {
  const alice = await given.newUser();
  const roomId = await sharedRoom(alice);
  const eventId = await sendText(alice, roomId, 'first');
  const latest = await edit(alice, roomId, eventId, 'second');
  const { body } = await sync(alice, { filter: { room: { timeline: { limit: 2 } } } });
  const [event] = listAt(body, 'rooms', 'join', roomId, 'timeline', 'events');
  assert.equal(valueAt(event, 'unsigned', 'm.relations', 'm.replace', 'event_id'), latest);
  assert.equal(valueAt(event, 'unsigned', 'm.relations', 'm.replace', 'room_id'), undefined);
});

test('a thread tells its latest event, how many there are and who took part', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await sharedRoom(alice, bob);
  const root = await sendText(alice, roomId, 'root');
  await relate(alice, roomId, root, 'm.thread');
  const last = await relate(alice, roomId, root, 'm.thread');
  const edited = await edit(alice, roomId, last, 'edited');
  const thread = async (user: TestUser): Promise<unknown> =>
    valueAt(await bundleOf(user, roomId, root), 'm.thread');
  assert.equal(valueAt(await thread(alice), 'count'), 2);
  assert.equal(valueAt(await thread(alice), 'latest_event', 'event_id'), last);
  const nested = ['latest_event', 'unsigned', 'm.relations', 'm.replace', 'event_id'] as const;
  assert.equal(valueAt(await thread(alice), ...nested), edited);
  assert.equal(valueAt(await thread(alice), 'current_user_participated'), true);
  assert.equal(valueAt(await thread(bob), 'current_user_participated'), false);
  const answer = await relate(bob, roomId, root, 'm.thread');
  assert.equal(valueAt(await thread(bob), 'current_user_participated'), true);
  assert.equal(valueAt(await thread(bob), 'count'), 3);
  await ignore(alice, bob);
  assert.equal(valueAt(await thread(alice), 'count'), 2);
  assert.equal(valueAt(await thread(alice), 'latest_event', 'event_id'), last);
  await redact(bob, roomId, answer);
  assert.equal(valueAt(await thread(bob), 'current_user_participated'), false);
  assert.equal(valueAt(await thread(bob), 'count'), 2);
});

test('who has left is told of no answer that came later', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await sharedRoom(alice, bob);
  const root = await sendText(alice, roomId, 'root');
  const first = await relate(alice, roomId, root, 'm.thread');
  await ok(bob, 'POST', roomPath(roomId, 'leave'), { body: {} });
  await relate(alice, roomId, root, 'm.thread');
  const thread = valueAt(await bundleOf(bob, roomId, root), 'm.thread');
  assert.equal(valueAt(thread, 'count'), 1);
  assert.equal(valueAt(thread, 'latest_event', 'event_id'), first);
});

test('references are listed, reactions are not', async (given) => {
  const alice = await given.user('alice');
  const roomId = await sharedRoom(alice);
  const eventId = await sendText(alice, roomId, 'parent');
  const one = await relate(alice, roomId, eventId, 'm.reference');
  const two = await relate(alice, roomId, eventId, 'm.reference');
  assert.equal((await react(alice, roomId, eventId, '👍')).status, 200);
  assert.deepEqual(await bundleOf(alice, roomId, eventId), {
    'm.reference': { chunk: [{ event_id: one }, { event_id: two }] },
  });
});

test('a second reaction of the same kind is refused', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.user('bob')];
  const roomId = await sharedRoom(alice, bob);
  const eventId = await sendText(alice, roomId, 'parent');
  const first = await react(alice, roomId, eventId, '👍');
  assert.equal(first.status, 200);
  assert.equal(outcome(await react(alice, roomId, eventId, '👍')), '400 M_DUPLICATE_ANNOTATION');
  assert.equal((await react(alice, roomId, eventId, '👎')).status, 200);
  assert.equal((await react(bob, roomId, eventId, '👍')).status, 200);
  await redact(alice, roomId, textAt(first.body, 'event_id'));
  assert.equal((await react(alice, roomId, eventId, '👍')).status, 200);
  const atOnce = await Promise.all(
    Array.from({ length: 8 }, () => react(bob, roomId, eventId, 'at once')),
  );
  const outcomes = atOnce.map(outcome).toSorted();
  assert.deepEqual(outcomes, [
    '200',
    ...Array.from({ length: 7 }, () => '400 M_DUPLICATE_ANNOTATION'),
  ]);
});

test('a thread starts from no event that relates to another', async (given) => {
  const alice = await given.user('alice');
  const roomId = await sharedRoom(alice);
  const root = await sendText(alice, roomId, 'root');
  const answer = await relate(alice, roomId, root, 'm.thread');
  const path = roomPath(roomId, 'send', 'm.room.message', `${Math.random()}`);
  const body = { body: 'x', 'm.relates_to': { rel_type: 'm.thread', event_id: answer } };
  assert.equal(await refusal(alice, 'PUT', path, { body }), '400 M_UNKNOWN');
});

test('what relates to an event is paged both ways, by type, and indirectly', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await sharedRoom(alice, bob);
  const root = await sendText(alice, roomId, 'root');
  const replies: string[] = [];
  for (let index = 0; index < 5; index += 1) {
    replies.push(await relate(alice, roomId, root, 'm.thread'));
  }
  const reaction = textAt((await react(bob, roomId, root, 'x')).body, 'event_id');
  const onReply = textAt((await react(bob, roomId, replies[0] ?? '', 'x')).body, 'event_id');
  const deep = await relate(bob, roomId, onReply, 'm.reference');
  const direct = [...replies, reaction].toReversed();
  assert.deepEqual((await relationsOf(alice, roomId, [root])).ids, direct);
  assert.deepEqual(
    (await relationsOf(alice, roomId, [root], { dir: 'f' })).ids,
    direct.toReversed(),
  );
  assert.deepEqual((await relationsOf(alice, roomId, [root, 'm.annotation'])).ids, [reaction]);
  const byType = [root, 'm.thread', 'm.reaction'];
  assert.deepEqual((await relationsOf(alice, roomId, byType)).ids, []);
  const all = await relationsOf(alice, roomId, [root], { recurse: true });
  assert.deepEqual(all.ids, [deep, onReply, ...direct]);
  assert.equal(valueAt(all.body, 'recursion_depth'), 3);
  for (const [dir, expected] of [
    ['b', direct],
    ['f', direct.toReversed()],
  ] as const) {
    const seen: string[] = [];
    let from: unknown;
    do {
      const query = { dir, limit: 2, ...(typeof from === 'string' ? { from } : {}) };
      const page = await relationsOf(alice, roomId, [root], query);
      seen.push(...page.ids);
      from = page.next;
    } while (from !== undefined);
    assert.deepEqual(seen, expected);
  }
  await redact(alice, roomId, replies[0] ?? '');
  const after = await relationsOf(alice, roomId, [root], { recurse: true });
  assert.deepEqual(after.ids, direct.slice(0, -1));
  await ignore(alice, bob);
  assert.deepEqual((await relationsOf(alice, roomId, [root, 'm.annotation'])).ids, []);
});

test('relations are refused to strangers, and for events that are not there', async (given) => {
  const [alice, bob] = [await given.user('alice'), await given.newUser()];
  const roomId = await createRoom(alice);
  const eventId = await sendText(alice, roomId, 'parent');
  const path = v1Path(roomId, 'relations', eventId);
  assert.equal(await refusal(bob, 'GET', path), '403 M_FORBIDDEN');
  assert.equal(await refusal(bob, 'GET', v1Path(roomId, 'threads')), '403 M_FORBIDDEN');
  const unknown = v1Path(roomId, 'relations', '$unknown');
  assert.equal(await refusal(alice, 'GET', unknown), '404 M_NOT_FOUND');
  const query = { from: 'nonsense' };
  assert.equal(await refusal(alice, 'GET', path, { query }), '400 M_INVALID_PARAM');
  const threads = v1Path(roomId, 'threads');
  assert.equal(await refusal(alice, 'GET', threads, { query }), '400 M_INVALID_PARAM');
  assert.equal(
    await refusal(alice, 'GET', threads, { query: { limit: 0 } }),
    '400 M_INVALID_PARAM',
  );
});

test('threads are listed by their latest answer', async (given) => {
  const [alice, bob] = [await given.newUser(), await given.newUser()];
  const roomId = await sharedRoom(alice, bob);
  const roots: string[] = [];
  for (const sender of [alice, bob, alice]) {
    const root = await sendText(sender, roomId, 'root');
    await relate(alice, roomId, root, 'm.thread');
    roots.push(root);
  }
  const [one = '', two = '', three = ''] = roots;
  await relate(alice, roomId, one, 'm.thread');
  assert.deepEqual((await threadsOf(alice, roomId)).ids, [one, three, two]);
  assert.deepEqual((await threadsOf(bob, roomId, { include: 'participated' })).ids, [two]);
  const first = await threadsOf(alice, roomId, { limit: 2 });
  assert.deepEqual(first.ids, [one, three]);
  const second = await threadsOf(alice, roomId, { limit: 2, from: String(first.next) });
  assert.deepEqual([second.ids, second.next], [[two], undefined]);
  await ignore(alice, bob);
  const { body } = await threadsOf(alice, roomId);
  assert.deepEqual(valueAt(listAt(body, 'chunk')[2], 'content'), {});
  await ignore(bob, alice);
  assert.deepEqual((await threadsOf(bob, roomId)).ids, []);
});
