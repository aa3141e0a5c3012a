import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import {
  EventType,
  MatrixError,
  MsgType,
  NotificationCountType,
  Preset,
  ReceiptType,
  RelationType,
  type Room,
} from 'matrix-js-sdk';

import { testEngines, type TestEngine } from '../harness/engines.ts';
import { startHomeserver, type TestHomeserver } from '../harness/homeserver-process.ts';
import { openSdkClient, stateContent, textsIn, type SdkClient } from './sdk-client.ts';

/** Two people with the SDK, on one server. */
interface Pair {
  readonly alice: SdkClient;
  readonly bob: SdkClient;
}

const scenarios: Readonly<Record<string, (pair: Pair) => Promise<void>>> = {
  'an invitation is accepted': acceptInvitation,
  'messages, edits and reactions arrive with their relations': relate,
  'a redacted message is empty at both ends': redact,
  'receipts and the read marker are shown': read,
  'who is typing is shown': typeAndStop,
  'unread counts rise with messages and mentions, and fall by reading': countUnread,
  'scrollback brings all of the history': scrollBack,
  'a new display name is seen in the room': rename,
  'members are loaded lazily, and all of them when asked for': loadMembers,
  'pushers are set, listed and removed': setPushers,
  'who leaves is gone, and may not speak': leave,
};

function declare(engine: TestEngine): void {
  let server: TestHomeserver;
  let pair: Pair;
  before(async () => {
    server = await startHomeserver({ engine });
    const [alice, bob] = await Promise.all([
      openSdkClient(server, 'alice'),
      openSdkClient(server, 'bob'),
    ]);
    pair = { alice, bob };
  });
  after(async () => {
    pair.alice.close();
    pair.bob.close();
    await server.dispose();
  });
  for (const [title, scenario] of Object.entries(scenarios)) test(title, () => scenario(pair));
}

/** A room of both, as each of them has it. */
async function shareRoom({
  alice,
  bob,
}: Pair): Promise<{ roomId: string; atAlice: Room; atBob: Room }> {
  const { room_id: roomId } = await alice.client.createRoom({ preset: Preset.PublicChat });
  await bob.client.joinRoom(roomId);
  const atAlice = await alice.roomAs(roomId, 'join');
  await alice.until(() => atAlice.getMember(bob.userId)?.membership === 'join');
  return { roomId, atAlice, atBob: await bob.roomAs(roomId, 'join') };
}

async function acceptInvitation({ alice, bob }: Pair): Promise<void> {
  const { room_id: roomId } = await alice.client.createRoom({ name: 'Den', is_direct: true });
  await alice.client.invite(roomId, bob.userId, { reason: 'company' });
  const invited = await bob.roomAs(roomId, 'invite');
  assert.equal(invited.name, 'Den');
  assert.equal(invited.getMember(bob.userId)?.events.member?.getSender(), alice.userId);
  await bob.client.joinRoom(roomId);
  const room = await bob.roomAs(roomId, 'join');
  assert.deepEqual(stateContent(room, EventType.RoomName), { name: 'Den' });
  assert.equal(room.getCreator(), alice.userId);
  const atAlice = await alice.roomAs(roomId, 'join');
  await alice.until(() => atAlice.getJoinedMemberCount() === 2);
}

async function relate(pair: Pair): Promise<void> {
  const { alice, bob } = pair;
  const { roomId, atBob } = await shareRoom(pair);
  const { event_id: original } = await alice.client.sendTextMessage(roomId, 'helo');
  assert.equal((await bob.event(roomId, original)).getContent()['body'], 'helo');
  await alice.client.sendMessage(roomId, {
    msgtype: MsgType.Text,
    body: '* hello',
    'm.new_content': { msgtype: MsgType.Text, body: 'hello' },
    'm.relates_to': { rel_type: RelationType.Replace, event_id: original },
  });
  await bob.until(() => atBob.findEventById(original)?.replacingEvent() !== null);
  assert.equal(atBob.findEventById(original)?.getContent()['body'], 'hello');
  await bob.client.sendEvent(roomId, EventType.Reaction, {
    'm.relates_to': { rel_type: RelationType.Annotation, event_id: original, key: '👍' },
  });
  const reactions = await alice.untilFound(() =>
    alice.client
      .getRoom(roomId)
      ?.relations.getChildEventsForEvent(original, RelationType.Annotation, EventType.Reaction),
  );
  assert.deepEqual(
    reactions.getSortedAnnotationsByKey()?.map(([key, events]) => [key, events.size]),
    [['👍', 1]],
  );
}

async function redact(pair: Pair): Promise<void> {
  const { alice, bob } = pair;
  const { roomId, atBob, atAlice } = await shareRoom(pair);
  const { event_id: eventId } = await alice.client.sendTextMessage(roomId, 'regretted');
  await bob.event(roomId, eventId);
  await alice.client.redactEvent(roomId, eventId, undefined, { reason: 'oops' });
  for (const [user, room] of [
    [alice, atAlice],
    [bob, atBob],
  ] as const) {
    await user.until(() => room.findEventById(eventId)?.isRedacted() === true);
    assert.deepEqual(room.findEventById(eventId)?.getContent(), {});
  }
  const { event_id: kept } = await alice.client.sendTextMessage(roomId, 'kept');
  await assert.rejects(bob.client.redactEvent(roomId, kept), isForbidden);
}

async function read(pair: Pair): Promise<void> {
  const { alice, bob } = pair;
  const { roomId, atAlice, atBob } = await shareRoom(pair);
  const { event_id: eventId } = await alice.client.sendTextMessage(roomId, 'read me');
  const event = await bob.event(roomId, eventId);
  await bob.client.sendReadReceipt(event);
  await alice.until(() => atAlice.getEventReadUpTo(bob.userId, true) === eventId);
  const { event_id: next } = await alice.client.sendTextMessage(roomId, 'in private');
  await bob.client.setRoomReadMarkers(roomId, next, undefined, await bob.event(roomId, next));
  await bob.until(
    () => atBob.getAccountData(EventType.FullyRead)?.getContent()['event_id'] === next,
  );
  const receipt = await bob.untilFound(() =>
    atBob.getReadReceiptForUserId(bob.userId, true, ReceiptType.ReadPrivate),
  );
  assert.equal(receipt.eventId, next);
  assert.equal(atAlice.getEventReadUpTo(bob.userId, true), eventId);
}

async function typeAndStop(pair: Pair): Promise<void> {
  const { alice, bob } = pair;
  const { roomId, atAlice } = await shareRoom(pair);
  const isTyping = (): boolean => atAlice.getMember(bob.userId)?.typing === true;
  await bob.client.sendTyping(roomId, true, 60_000);
  await alice.until(isTyping);
  await bob.client.sendTyping(roomId, false, 0);
  await alice.until(() => !isTyping());
}

async function countUnread(pair: Pair): Promise<void> {
  const { alice, bob } = pair;
  const { roomId, atBob } = await shareRoom(pair);
  const counts = (): (number | undefined)[] => [
    atBob.getUnreadNotificationCount(NotificationCountType.Total),
    atBob.getUnreadNotificationCount(NotificationCountType.Highlight),
  ];
  assert.deepEqual(counts(), [0, 0]);
  await alice.client.sendTextMessage(roomId, 'one');
  const { event_id: mention } = await alice.client.sendMessage(roomId, {
    msgtype: MsgType.Text,
    body: 'Bob?',
    'm.mentions': { user_ids: [bob.userId] },
  });
  const event = await bob.event(roomId, mention);
  assert.deepEqual(counts(), [2, 1]);
  await bob.client.sendReadReceipt(event);
  await bob.until(() => counts().join() === '0,0');
}

async function scrollBack({ alice, bob }: Pair): Promise<void> {
  const { room_id: roomId } = await alice.client.createRoom({ preset: Preset.PublicChat });
  const texts = Array.from({ length: 25 }, (_, index) => `message ${index}`);
  for (const text of texts) await alice.client.sendTextMessage(roomId, text);
  await bob.client.joinRoom(roomId);
  const room = await bob.roomAs(roomId, 'join');
  assert.deepEqual(textsIn(room), texts.slice(-9));
  for (let page = 0; page < 20 && room.oldState.paginationToken !== null; page += 1) {
    await bob.client.scrollback(room, 7);
  }
  assert.deepEqual(textsIn(room), texts);
  assert.equal(room.getLiveTimeline().getEvents()[0]?.getType(), EventType.RoomCreate);
}

async function rename(pair: Pair): Promise<void> {
  const { alice, bob } = pair;
  const { atAlice, roomId } = await shareRoom(pair);
  await bob.client.setDisplayName('Bob the Builder');
  await alice.until(() => atAlice.getMember(bob.userId)?.name === 'Bob the Builder');
  assert.equal((await alice.client.getProfileInfo(bob.userId)).displayname, 'Bob the Builder');
  const { event_id: eventId } = await bob.client.sendTextMessage(roomId, 'hello');
  assert.equal((await alice.event(roomId, eventId)).sender?.name, 'Bob the Builder');
}

async function loadMembers(pair: Pair): Promise<void> {
  const { alice, bob } = pair;
  const { room_id: roomId } = await alice.client.createRoom({ preset: Preset.PublicChat });
  await bob.client.joinRoom(roomId);
  const texts = Array.from({ length: 12 }, (_, index) => `message ${index}`);
  for (const text of texts) await alice.client.sendTextMessage(roomId, text);
  const room = await bob.roomAs(roomId, 'join');
  await bob.until(() => textsIn(room).includes('message 11'));
  await room.loadMembersIfNeeded();
  const joined = room.getJoinedMembers().map(({ userId }) => userId);
  assert.deepEqual(joined.toSorted(), [alice.userId, bob.userId]);
}

async function setPushers({ bob: { client } }: Pair): Promise<void> {
  await client.setPusher({
    kind: 'http',
    app_id: 'org.example.app',
    pushkey: 'key',
    app_display_name: 'App',
    device_display_name: 'Phone',
    lang: 'en',
    data: { url: 'https://push.example.org/_matrix/push/v1/notify' },
  });
  const { pushers } = await client.getPushers();
  assert.deepEqual(
    pushers.map(({ pushkey, kind }) => [pushkey, kind]),
    [['key', 'http']],
  );
  await client.removePusher('key', 'org.example.app');
  assert.deepEqual((await client.getPushers()).pushers, []);
}

async function leave(pair: Pair): Promise<void> {
  const { alice, bob } = pair;
  const { roomId, atAlice } = await shareRoom(pair);
  await bob.client.leave(roomId);
  await bob.roomAs(roomId, 'leave');
  await alice.until(() => atAlice.getMember(bob.userId)?.membership === 'leave');
  await assert.rejects(bob.client.sendTextMessage(roomId, 'still there?'), isForbidden);
}

function isForbidden(error: unknown): boolean {
  return (
    error instanceof MatrixError && error.errcode === 'M_FORBIDDEN' && error.httpStatus === 403
  );
}

for (const engine of testEngines()) {
  describe(`matrix-js-sdk (${engine.name})`, { timeout: 90_000 }, () => declare(engine));
}
