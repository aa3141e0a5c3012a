import assert from 'node:assert/strict';

import {
  createRoom,
  inviteUser,
  joinRoom,
  sendState,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { act, readEvent, readMessages, refusal, roomPath } from './requests.ts';
import { eventsFrom, tell } from './seen-event.ts';
import { serverTests, type ServerUnderTest } from './server-test.ts';
import { expectJoined, sync } from './sync-view.ts';

const test = serverTests();
const visibilities = ['world_readable', 'shared', 'invited', 'joined'] as const;
type Visibility = (typeof visibilities)[number];

/** What is said, by what the reader was to the room at that time. */
const moments = [
  'stranger',
  'invited',
  'joined',
  'gone',
  'invited again',
  'joined again',
  'gone again',
];

/** What a reader sees who is now joined again: all but what is not in the list. */
const seenWhenBack: Readonly<Record<Visibility, readonly string[]>> = {
  world_readable: ['stranger', 'invited', 'joined', 'gone', 'invited again', 'joined again'],
  shared: ['stranger', 'invited', 'joined', 'gone', 'invited again', 'joined again'],
  invited: ['invited', 'joined', 'invited again', 'joined again'],
  joined: ['joined', 'joined again'],
};

/** And what the same reader sees after having left for good. */
const seenWhenGone: Readonly<Record<Visibility, readonly string[]>> = {
  ...seenWhenBack,
  world_readable: moments,
};

interface Room {
  readonly roomId: string;
  readonly owner: TestUser;
  readonly reader: TestUser;
  readonly eventIds: ReadonlyMap<string, string>;
}

/** Takes the reader through all the moments up to `last`, with something said at each. */
async function liveThrough(
  { user }: ServerUnderTest,
  visibility: Visibility,
  last: string,
): Promise<Room> {
  const [owner, reader] = [await user('owner'), await user('reader')];
  const roomId = await createRoom(owner, {
    initial_state: [
      { type: 'm.room.history_visibility', content: { history_visibility: visibility } },
    ],
  });
  const steps: Readonly<Record<string, () => Promise<unknown>>> = {
    invited: () => inviteUser(owner, roomId, reader.userId),
    joined: () => joinRoom(reader, roomId),
    gone: () => act(reader, roomId, 'leave'),
  };
  const eventIds = new Map<string, string>();
  for (const moment of moments.slice(0, moments.indexOf(last) + 1)) {
    await steps[moment.split(' ')[0] ?? '']?.();
    eventIds.set(moment, await sendText(owner, roomId, moment));
  }
  return { roomId, owner, reader, eventIds };
}

/** What the reader is shown, by `/messages` both ways and event by event; they must agree. */
async function textsSeen({ roomId, reader, eventIds }: Room): Promise<string[]> {
  const back = await readMessages(reader, roomId, { dir: 'b', limit: 100 });
  const forth = await readMessages(reader, roomId, { dir: 'f', limit: 100 });
  const texts = tell(forth.events).filter((text) => moments.includes(text));
  const backTexts = tell(back.events).filter((text) => moments.includes(text));
  assert.deepEqual(backTexts.toReversed(), texts);
  for (const [moment, eventId] of eventIds) {
    const found = await refusal(reader, 'GET', roomPath(roomId, 'event', eventId));
    assert.equal(found, texts.includes(moment) ? '200' : '404 M_NOT_FOUND', moment);
  }
  return texts;
}

for (const visibility of visibilities) {
  test(`who joins, leaves and comes back sees what "${visibility}" lets them`, async (given) => {
    const back = await liveThrough(given, visibility, 'joined again');
    assert.deepEqual(await textsSeen(back), seenWhenBack[visibility]);
    const view = expectJoined(
      await sync(back.reader, { filter: { room: { timeline: { limit: 100 } } } }),
      back.roomId,
    );
    const inSync = tell(view.timeline).filter((text) => moments.includes(text));
    assert.deepEqual(inSync, seenWhenBack[visibility]);
    const gone = await liveThrough(given, visibility, 'gone again');
    assert.deepEqual(await textsSeen(gone), seenWhenGone[visibility]);
  });

  test(`an outsider ${visibility === 'world_readable' ? 'reads all' : 'reads nothing'} of "${visibility}"`, async (given) => {
    const { roomId, eventIds } = await liveThrough(given, visibility, 'joined');
    const outsider = await given.user('outsider');
    const isOpen = visibility === 'world_readable';
    const expected = isOpen ? '200' : '403 M_FORBIDDEN';
    for (const part of ['messages', 'state', 'members']) {
      assert.equal(await refusal(outsider, 'GET', roomPath(roomId, part)), expected, part);
    }
    for (const [moment, eventId] of eventIds) {
      const found = await refusal(outsider, 'GET', roomPath(roomId, 'event', eventId));
      assert.equal(found, isOpen ? '200' : '404 M_NOT_FOUND', moment);
    }
    if (!isOpen) return;
    const { events } = await readMessages(outsider, roomId, { limit: 50 });
    assert.deepEqual(tell(events).filter((text) => moments.includes(text)).length, 3);
  });
}

test('a visibility counts for what is said while it holds', async (given) => {
  const owner = await given.user('owner');
  const late = await given.user('late');
  const roomId = await createRoom(owner, { preset: 'public_chat' });
  const set = (visibility: Visibility): Promise<string> =>
    sendState(owner, roomId, 'm.room.history_visibility', '', { history_visibility: visibility });
  await sendText(owner, roomId, 'shared 1');
  await set('joined');
  await sendText(owner, roomId, 'hidden');
  await set('world_readable');
  await sendText(owner, roomId, 'open');
  await set('shared');
  await sendText(owner, roomId, 'shared 2');
  await joinRoom(late, roomId);
  const { events } = await readMessages(late, roomId, { dir: 'f', limit: 50 });
  assert.deepEqual(
    events
      .filter(({ type }) => type === 'm.room.message' || type === 'm.room.history_visibility')
      .map(({ content }) => valueAt(content, 'body') ?? valueAt(content, 'history_visibility')),
    ['shared', 'shared 1', 'joined', 'world_readable', 'open', 'shared', 'shared 2'],
  );
});

test('who was banned sees the state and history of before', async (given) => {
  const owner = await given.user('owner');
  const reader = await given.user('reader');
  const roomId = await createRoom(owner, { preset: 'public_chat' });
  await joinRoom(reader, roomId);
  await act(reader, roomId, 'leave');
  await sendState(owner, roomId, 'm.room.topic', '', { topic: 'after the leave' });
  await act(owner, roomId, 'ban', { user_id: reader.userId });
  const state = await reader.request('GET', roomPath(roomId, 'state'));
  assert.equal(state.status, 200);
  const types = eventsFrom(listAt(state.body)).map(({ type }) => type);
  assert.ok(types.includes('m.room.create') && !types.includes('m.room.topic'));
});

test('what a state event replaced is named to all who see it, and shown to who saw it', async (given) => {
  const owner = await given.user('owner');
  const late = await given.newUser();
  const roomId = await createRoom(owner, {
    preset: 'public_chat',
    initial_state: [
      { type: 'm.room.history_visibility', content: { history_visibility: 'joined' } },
      { type: 'm.room.topic', content: { topic: 'before' } },
    ],
  });
  await joinRoom(late, roomId);
  const middle = await sendState(owner, roomId, 'm.room.topic', '', { topic: 'middle' });
  const last = await sendState(owner, roomId, 'm.room.topic', '', { topic: 'last' });
  const unsignedOf = async (user: TestUser, eventId: string): Promise<unknown> =>
    (await readEvent(user, roomId, eventId)).unsigned;
  const hidden = await unsignedOf(late, middle);
  assert.match(textAt(hidden, 'replaces_state'), /^\$/);
  assert.equal(valueAt(hidden, 'prev_content'), undefined);
  assert.deepEqual(valueAt(await unsignedOf(owner, middle), 'prev_content'), { topic: 'before' });
  const shown = await unsignedOf(late, last);
  assert.equal(valueAt(shown, 'replaces_state'), middle);
  assert.deepEqual(valueAt(shown, 'prev_content'), { topic: 'middle' });
});
