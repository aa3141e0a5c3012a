import assert from 'node:assert/strict';

import {
  createRoom,
  joinRoom,
  logIn,
  sendEvent,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import { textAt, valueAt } from '../harness/json-path.ts';
import { ok, readEvent, readMessages, refusal, roomPath } from './requests.ts';
import { serverTests, type ServerUnderTest } from './server-test.ts';
import { expectJoined, sync } from './sync-view.ts';

const test = serverTests();

function putText(
  user: TestUser,
  roomId: string,
  transactionId: string,
  prefix = '/_matrix/client/v3',
): Promise<string> {
  const path = roomPath(roomId, 'send', 'm.room.message', transactionId);
  const body = { msgtype: 'm.text', body: `by ${transactionId}` };
  return ok(user, 'PUT', path.replace('/_matrix/client/v3', prefix), { body }).then((answer) =>
    textAt(answer, 'event_id'),
  );
}

async function aliceInRoom({
  user,
}: ServerUnderTest): Promise<{ alice: TestUser; roomId: string }> {
  const alice = await user('alice');
  return { alice, roomId: await createRoom(alice, { preset: 'public_chat' }) };
}

test('a repeated transaction is answered with the same event, on every version of the path', async (given) => {
  const { alice, roomId } = await aliceInRoom(given);
  const first = await putText(alice, roomId, 'txn-1');
  assert.equal(await putText(alice, roomId, 'txn-1'), first);
  assert.equal(await putText(alice, roomId, 'txn-1', '/_matrix/client/r0'), first);
  const atOnce = await Promise.all(
    ['r0', 'v3', 'v3', 'r0'].map((version) =>
      putText(alice, roomId, 'txn-2', `/_matrix/client/${version}`),
    ),
  );
  assert.deepEqual(new Set(atOnce).size, 1);
  const { events } = await readMessages(alice, roomId, { limit: 100 });
  assert.equal(events.filter(({ type }) => type === 'm.room.message').length, 2);
});

test('a transaction ID counts per device, room, endpoint and event type', async (given) => {
  const { alice, roomId } = await aliceInRoom(given);
  const other = await createRoom(alice);
  const phone = await logIn(given.server, 'alice');
  const sent = [
    await putText(alice, roomId, 'same'),
    await putText(phone, roomId, 'same'),
    await putText(alice, other, 'same'),
    await sendEvent(alice, roomId, 'org.example.other', {}, 'same'),
  ];
  const redact = roomPath(roomId, 'redact', sent[0] ?? '', 'same');
  sent.push(textAt(await ok(alice, 'PUT', redact, { body: {} }), 'event_id'));
  assert.equal(new Set(sent).size, sent.length);
  assert.equal(textAt(await ok(alice, 'PUT', redact, { body: {} }), 'event_id'), sent.at(-1));
});

test('a transaction is remembered when the server starts again', async (given) => {
  const { alice, roomId } = await aliceInRoom(given);
  const before = await putText(alice, roomId, 'over the restart');
  await given.server.restart();
  assert.equal(await putText(alice, roomId, 'over the restart'), before);
});

test('only the sending device is told the transaction ID', async (given) => {
  const { alice, roomId } = await aliceInRoom(given);
  const phone = await logIn(given.server, 'alice');
  const bob = await given.user('bob');
  await joinRoom(bob, roomId);
  const eventId = await putText(alice, roomId, 'told');
  const expected = [
    [alice, 'told'],
    [phone, undefined],
    [bob, undefined],
  ] as const;
  for (const [reader, transactionId] of expected) {
    const event = await readEvent(reader, roomId, eventId);
    assert.equal(valueAt(event.unsigned, 'transaction_id'), transactionId);
    const { timeline } = expectJoined(await sync(reader), roomId);
    assert.equal(valueAt(timeline.at(-1)?.unsigned, 'transaction_id'), transactionId);
    const { events } = await readMessages(reader, roomId, { limit: 1 });
    assert.equal(valueAt(events[0]?.unsigned, 'transaction_id'), transactionId);
  }
});

test('an event has the fields that clients are promised', async (given) => {
  const { alice, roomId } = await aliceInRoom(given);
  const earliest = Date.now();
  const eventId = await sendText(alice, roomId, 'fields');
  const { json } = await readEvent(alice, roomId, eventId);
  const { origin_server_ts: sentAt, unsigned, ...rest } = Object(json);
  assert.ok(sentAt >= earliest && sentAt <= Date.now());
  assert.ok(Number(valueAt(unsigned, 'age')) >= 0);
  assert.equal(valueAt(unsigned, 'membership'), 'join');
  assert.deepEqual(rest, {
    type: 'm.room.message',
    sender: alice.userId,
    room_id: roomId,
    event_id: eventId,
    content: { msgtype: 'm.text', body: 'fields' },
  });
});

/** JSON texts, since object literals would already have lost or moved some of these keys. */
const contents = [
  '{"body":"naïve 日本語 🎉 \\u0000 \\u001f \\u2028 \\ud83d\\ude00","msgtype":"m.text"}',
  '{"__proto__":{"polluted":true},"constructor":1,"toString":"x","hasOwnProperty":null}',
  '{"10":"ten","2":"two","1":"one","b":{"7":[],"3":{}},"a":0}',
  '{"":"empty key","\\ud83d\\ude00":1,"\\uffff":2,"nested":[[[{"x":[null,true,false]}]]]}',
  '{"big":9007199254740991,"small":-9007199254740991,"zero":0}',
  '{"unsigned":{"age":1},"event_id":"$not-this","content":{},"m.relates_to":"not an object"}',
];

test('content comes back as it was sent', async (given) => {
  const { alice, roomId } = await aliceInRoom(given);
  for (const [index, text] of contents.entries()) {
    const path = roomPath(roomId, 'send', 'org.example.content', `content-${index}`);
    const eventId = textAt(await ok(alice, 'PUT', path, { body: text }), 'event_id');
    const sent: unknown = JSON.parse(text);
    const { content } = await readEvent(alice, roomId, eventId);
    assert.deepEqual(content, sent);
    assert.deepEqual(Object.entries(Object(content)).length, Object.entries(Object(sent)).length);
    assert.equal(Object.getPrototypeOf(content), Object.prototype);
  }
  const { timeline } = expectJoined(await sync(alice), roomId);
  assert.deepEqual(
    timeline.filter(({ type }) => type === 'org.example.content').map(({ content }) => content),
    contents.map((text): unknown => JSON.parse(text)),
  );
});

test('types and state keys may be any text', async (given) => {
  const { alice, roomId } = await aliceInRoom(given);
  for (const text of ['a/b?c#d', 'ünï cöde 🎉', '%2F', '..', '__proto__', '10']) {
    const path = roomPath(roomId, 'state', text, text);
    const eventId = textAt(await ok(alice, 'PUT', path, { body: { text } }), 'event_id');
    const event = await readEvent(alice, roomId, eventId);
    assert.deepEqual([event.type, event.stateKey, event.content], [text, text, { text }]);
    assert.deepEqual(await ok(alice, 'GET', path), { text });
    const sent = roomPath(roomId, 'send', text, `txn ${text}`);
    const messageId = textAt(await ok(alice, 'PUT', sent, { body: { text } }), 'event_id');
    assert.equal((await readEvent(alice, roomId, messageId)).type, text);
  }
});

/** Appendices, "Canonical JSON": integers only, between -(2^53)+1 and 2^53-1. */
const notCanonical = [
  '{"a":1.5}',
  '{"a":9007199254740992}',
  '{"a":-9007199254740992}',
  '{"a":[{"b":1e400}]}',
  '{"a":"\\ud800"}',
];

test('content that is no canonical JSON is refused', async (given) => {
  const { alice, roomId } = await aliceInRoom(given);
  const path = roomPath(roomId, 'send', 'm.room.message', 'not-canonical');
  for (const body of notCanonical) {
    assert.equal(await refusal(alice, 'PUT', path, { body }), '400 M_BAD_JSON', body);
    const state = roomPath(roomId, 'state', 'org.example.state');
    assert.equal(await refusal(alice, 'PUT', state, { body }), '400 M_BAD_JSON', body);
  }
  for (const body of ['[]', '"text"', 'null', '7']) {
    assert.equal(await refusal(alice, 'PUT', path, { body }), '400 M_BAD_JSON', body);
  }
  for (const body of ['', '{', '{"a":}', Buffer.from([0x7b, 0xff, 0x7d])]) {
    assert.equal(await refusal(alice, 'PUT', path, { body }), '400 M_NOT_JSON', String(body));
  }
});

test('an event of more than 65,536 bytes is refused, one just below is taken', async (given) => {
  const { alice, roomId } = await aliceInRoom(given);
  const put = (bytes: number): Promise<string> =>
    refusal(alice, 'PUT', roomPath(roomId, 'send', 'm.room.message', `size-${bytes}`), {
      body: { body: 'x'.repeat(bytes) },
    });
  assert.equal(await put(65_536), '413 M_TOO_LARGE');
  assert.equal(await put(65_400), '413 M_TOO_LARGE');
  assert.equal(await put(64_000), '200');
  const wide = { body: { body: '🎉'.repeat(16_384) } };
  const path = roomPath(roomId, 'send', 'm.room.message', 'wide');
  assert.equal(await refusal(alice, 'PUT', path, wide), '413 M_TOO_LARGE');
});

test('types and state keys of more than 255 bytes are refused', async (given) => {
  const { alice, roomId } = await aliceInRoom(given);
  const body = { body: {} };
  for (const [text, expected] of [
    ['é'.repeat(127), '200'],
    ['é'.repeat(128), '413 M_TOO_LARGE'],
  ] as const) {
    assert.equal(await refusal(alice, 'PUT', roomPath(roomId, 'state', 'a', text), body), expected);
    assert.equal(await refusal(alice, 'PUT', roomPath(roomId, 'state', text, 'a'), body), expected);
    assert.equal(await refusal(alice, 'PUT', roomPath(roomId, 'send', text, 't'), body), expected);
  }
});

test('who is not in the room, or lacks the power, sends nothing', async (given) => {
  const { alice, roomId } = await aliceInRoom(given);
  const bob = await given.user('bob');
  const message = roomPath(roomId, 'send', 'm.room.message', 'refused');
  const topic = roomPath(roomId, 'state', 'm.room.topic');
  const body = { body: { topic: 'x' } };
  assert.equal(await refusal(bob, 'PUT', message, body), '403 M_FORBIDDEN');
  await joinRoom(bob, roomId);
  assert.equal(await refusal(bob, 'PUT', message, body), '200');
  assert.equal(await refusal(bob, 'PUT', topic, body), '403 M_FORBIDDEN');
  const foreign = roomPath(roomId, 'state', 'org.example.own', alice.userId);
  assert.equal(await refusal(bob, 'PUT', foreign, body), '403 M_FORBIDDEN');
  const create = roomPath(roomId, 'state', 'm.room.create');
  assert.match(await refusal(alice, 'PUT', create, { body: {} }), /^40[03] M_/);
  const nowhere = roomPath('!nowhere:soma.test', 'send', 'm.room.message', 'x');
  assert.match(await refusal(alice, 'PUT', nowhere, body), /^40[34] M_(FORBIDDEN|NOT_FOUND)$/);
});
