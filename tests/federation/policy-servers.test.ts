import assert from 'node:assert/strict';

import { isJsonObject, roomVersion, type JsonObject } from '@soma/protocol';

import { pathOf, type Response } from '../harness/api.ts';
import {
  createRoom,
  registerUser,
  sendEvent,
  sendState,
  sendText,
  type TestUser,
} from '../harness/client.ts';
import type { FederatedServer } from '../harness/federation.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import type { TestPeer } from '../harness/peer.ts';
import { assertRefused, federationTests, type FederationUnderTest } from './federation-test.ts';
import {
  playPolicyServer,
  policyKeyId,
  type PlayedPolicyServer,
  type PolicyVerdict,
} from './played-policy-server.ts';
import { reply, textOf } from './played-room.ts';
import { PlayedUser, signEvent, type SignedEvent } from './played-user.ts';

const test = federationTests();

const version = roomVersion('11') ?? assert.fail();
const v3 = '/_matrix/client/v3';
const v1 = '/_matrix/federation/v1';
const spam: PolicyVerdict = [400, { errcode: 'M_FORBIDDEN', error: 'It looks like spam' }];

/** A room of a server under test in which the user of a policy server is. */
interface PolicedRoom {
  readonly server: FederatedServer;
  readonly alice: TestUser;
  readonly roomId: string;
  readonly policyServer: PlayedPolicyServer;
  readonly moderator: PlayedUser;
}

async function policedRoom(
  { one, newPeer }: FederationUnderTest,
  localpart: string,
): Promise<PolicedRoom> {
  const alice = await registerUser(one, localpart);
  const policyServer = playPolicyServer(await newPeer());
  const moderator = new PlayedUser(policyServer.peer, 'moderator');
  const roomId = await createRoom(alice, { preset: 'public_chat', room_version: '11' });
  await moderator.become(one, 'join', roomId);
  await sendState(alice, roomId, 'm.room.policy', '', policyServer.policy);
  assert.deepEqual(policyServer.asked, []);
  return { server: one, alice, roomId, policyServer, moderator };
}

function say(user: TestUser, roomId: string, text: string): Promise<Response> {
  const path = v3 + pathOf`/rooms/${roomId}/send/m.room.message/${text}`;
  return user.request('PUT', path, { body: { msgtype: 'm.text', body: text } });
}

async function hasRead(user: TestUser, roomId: string, text: string): Promise<boolean> {
  const path = v3 + pathOf`/rooms/${roomId}/messages`;
  const { body } = await user.request('GET', path, { query: { dir: 'b', limit: 50 } });
  return listAt(body, 'chunk').some((event) => valueAt(event, 'content', 'body') === text);
}

/** The event as other servers get it. */
async function asStored(
  server: FederatedServer,
  peer: TestPeer,
  eventId: string,
): Promise<JsonObject> {
  const { body } = await peer.request(server.serverName, 'GET', v1 + pathOf`/event/${eventId}`);
  const [pdu] = listAt(body, 'pdus');
  assert.ok(isJsonObject(pdu), JSON.stringify(body));
  return pdu;
}

/** A message of a played user at the room's end, signed by its server alone. */
async function message(
  server: FederatedServer,
  user: PlayedUser,
  roomId: string,
  text: string,
): Promise<SignedEvent> {
  const { body } = await user.make(server, 'leave', roomId);
  const template = valueAt(body, 'event');
  assert.ok(isJsonObject(template), JSON.stringify(body));
  const { state_key: _, ...event } = template;
  const content = { msgtype: 'm.text', body: text };
  return signEvent(user.peer, version, { ...event, type: 'm.room.message', content });
}

let transactions = 0;

async function deliver(server: FederatedServer, peer: TestPeer, pdu: JsonObject): Promise<void> {
  const path = v1 + pathOf`/send/${`policy${(transactions += 1)}`}`;
  const body = { origin: peer.serverName, origin_server_ts: 1, pdus: [pdu], edus: [] };
  const answer = await peer.request(server.serverName, 'PUT', path, { body });
  assert.deepEqual(Object.values(Object(valueAt(answer.body, 'pdus'))), [{}]);
}

/** Looks at the room until an event that was delivered has been judged: another one after it is there. */
async function settled(room: PolicedRoom, user: PlayedUser, text: string): Promise<void> {
  const { pdu } = await message(room.server, user, room.roomId, text);
  const signature = room.policyServer.signatureOf(pdu);
  const { serverName } = room.policyServer.peer;
  const signatures = { ...Object(pdu['signatures']) };
  signatures[serverName] = { ...signatures[serverName], [policyKeyId]: signature };
  await deliver(room.server, user.peer, { ...pdu, signatures });
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await hasRead(room.alice, room.roomId, text)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail('what has the signature does not come');
}

test('what users of this server send is signed by the policy server', async (given) => {
  const room = await policedRoom(given, 'policed');
  const { alice, roomId, policyServer, server } = room;
  const said = await sendText(alice, roomId, 'hello');
  const topic = await sendState(alice, roomId, 'm.room.topic', '', { topic: 'News' });
  for (const eventId of [said, topic]) {
    const pdu = await asStored(server, policyServer.peer, eventId);
    const signature = valueAt(pdu, 'signatures', policyServer.peer.serverName, policyKeyId);
    assert.equal(signature, policyServer.signatureOf(pdu));
    assert.ok(valueAt(pdu, 'signatures', server.serverName) !== undefined);
  }
  const types = policyServer.asked.map((pdu) => pdu['type']);
  assert.deepEqual(types, ['m.room.message', 'm.room.topic']);
  // What it was asked is the whole event, signed by this server.
  assert.equal(valueAt(policyServer.asked[0], 'content', 'body'), 'hello');
  assert.ok(valueAt(policyServer.asked[0], 'signatures', server.serverName) !== undefined);
});

test('what the policy server refuses is not sent, and its words are passed on', async (given) => {
  const { alice, roomId, policyServer } = await policedRoom(given, 'refused');
  policyServer.judge = () => spam;
  const refused = await say(alice, roomId, 'buy this');
  assertRefused(refused, 400, 'M_FORBIDDEN');
  assert.equal(valueAt(refused.body, 'error'), 'It looks like spam');
  policyServer.judge = () => [403, { errcode: 'M_FORBIDDEN', error: 'Go away' }];
  assertRefused(await say(alice, roomId, 'buy that'), 403, 'M_FORBIDDEN');
  policyServer.judge = () => [404, { errcode: 'M_NOT_FOUND', error: 'Unknown room' }];
  assertRefused(await say(alice, roomId, 'buy more'), 404, 'M_NOT_FOUND');
  const unlike = { errcode: 'ORG.EXAMPLE.UNKIND', error: 'Be nice', 'org.example.score': 7 };
  for (const body of [unlike, { errcode: 'M_NOT_JSON', error: 'Not JSON' }]) {
    policyServer.judge = () => [400, body];
    const answer = await say(alice, roomId, 'buy this');
    assert.deepEqual([answer.status, answer.body], [400, body], 'as it was said');
  }
  // What would mean something else of this server is not.
  for (const [status, errcode] of [
    [401, 'M_FORBIDDEN'],
    [403, 'M_UNKNOWN_TOKEN'],
    [500, 'ORG.EXAMPLE.UNKIND'],
  ] as const) {
    policyServer.judge = () => [status, { errcode, error: 'Log out' }];
    assertRefused(await say(alice, roomId, 'buy this'), 502, 'M_UNKNOWN');
  }
  policyServer.judge = () => [429, { errcode: 'M_LIMIT_EXCEEDED', error: '', retry_after_ms: 7 }];
  const limited = await say(alice, roomId, 'buy now');
  assertRefused(limited, 429, 'M_LIMIT_EXCEEDED');
  assert.equal(valueAt(limited.body, 'retry_after_ms'), 7);
  policyServer.judge = () => [404, { errcode: 'M_UNRECOGNIZED', error: 'No policy server' }];
  assertRefused(await say(alice, roomId, 'buy here'), 502, 'M_UNKNOWN');
  policyServer.judge = () => 'sign wrongly';
  assertRefused(await say(alice, roomId, 'buy there'), 403, 'M_FORBIDDEN');
  for (const answer of [{}, { [policyServer.peer.serverName]: {} }]) {
    policyServer.judge = () => [200, answer];
    assertRefused(await say(alice, roomId, 'buy nothing'), 403, 'M_FORBIDDEN');
  }
  policyServer.judge = () => 'sign';
  assert.equal((await say(alice, roomId, 'a message')).status, 200);
  const texts = ['buy this', 'buy that', 'buy there', 'buy nothing'];
  for (const text of texts) assert.ok(!(await hasRead(alice, roomId, text)), text);
});

test('the policy can be replaced without the policy server', async (given) => {
  const { alice, roomId, policyServer } = await policedRoom(given, 'replaced');
  policyServer.judge = () => spam;
  assertRefused(await say(alice, roomId, 'before'), 400, 'M_FORBIDDEN');
  // With another state key it is an event like any other.
  const path = v3 + pathOf`/rooms/${roomId}/state/m.room.policy/other`;
  assertRefused(await alice.request('PUT', path, { body: {} }), 400, 'M_FORBIDDEN');
  const asked = policyServer.asked.length;
  await sendState(alice, roomId, 'm.room.policy', '', {});
  await sendText(alice, roomId, 'after');
  assert.equal(policyServer.asked.length, asked);
});

test('a policy that is malformed, or whose server has no user in the room, does not count', async (given) => {
  const { server, alice, roomId, policyServer, moderator } = await policedRoom(given, 'invalid');
  policyServer.judge = () => spam;
  const { via, public_keys: keys } = policyServer.policy;
  const malformed: JsonObject[] = [
    { public_keys: keys ?? null },
    { via: via ?? null },
    { via: 'not a server', public_keys: keys ?? null },
    { via: via ?? null, public_keys: { ed25519: 7 } },
    { via: via ?? null, public_keys: 'none' },
    { via: 'elsewhere.example.org', public_keys: keys ?? null },
  ];
  for (const content of malformed) {
    await sendState(alice, roomId, 'm.room.policy', '', content);
    await sendText(alice, roomId, JSON.stringify(content));
  }
  await sendState(alice, roomId, 'm.room.policy', '', policyServer.policy);
  assertRefused(await say(alice, roomId, 'still asked'), 400, 'M_FORBIDDEN');
  policyServer.judge = () => 'sign';
  await moderator.become(server, 'leave', roomId);
  policyServer.judge = () => spam;
  await sendText(alice, roomId, 'nobody asks');
  policyServer.judge = () => 'sign';
  const asked = policyServer.asked.length;
  await moderator.become(server, 'join', roomId);
  await sendText(alice, roomId, 'asked again');
  assert.equal(policyServer.asked.length, asked + 1);
});

test('a policy server that cannot be reached is waited for only once', async (given) => {
  const { alice, roomId, policyServer } = await policedRoom(given, 'unreachable');
  await policyServer.peer.close();
  assertRefused(await say(alice, roomId, 'one'), 502, 'M_UNKNOWN');
  const { status, body } = await say(alice, roomId, 'two');
  assert.equal(status, 502);
  assert.match(textAt(body, 'error'), /did not answer a moment ago/);
  await sendState(alice, roomId, 'm.room.policy', '', {});
  await sendText(alice, roomId, 'three');
});

test('an event from elsewhere without the signature is asked about', async (given) => {
  const room = await policedRoom(given, 'inbound');
  const { alice, roomId, policyServer, server } = room;
  const bob = new PlayedUser(await given.newPeer(), 'bob');
  await bob.become(server, 'join', roomId);
  const asked = policyServer.asked.length;
  const allowed = await message(server, bob, roomId, 'allowed');
  await deliver(server, bob.peer, allowed.pdu);
  await settled(room, bob, 'signed beforehand');
  assert.ok(await hasRead(alice, roomId, 'allowed'));
  // Of the two only the one without a signature.
  assert.deepEqual(
    policyServer.asked.slice(asked).map((pdu) => valueAt(pdu, 'content', 'body')),
    ['allowed'],
  );
  const stored = await asStored(server, bob.peer, allowed.eventId);
  const signature = valueAt(stored, 'signatures', policyServer.peer.serverName, policyKeyId);
  assert.equal(signature, policyServer.signatureOf(stored));
});

test("an event of the policy server's own user keeps that server's other signature", async (given) => {
  const room = await policedRoom(given, 'own-user');
  const { alice, roomId, policyServer, server, moderator } = room;
  const { serverName, key } = policyServer.peer;
  const own = await message(server, moderator, roomId, 'of the moderator');
  await deliver(server, moderator.peer, own.pdu);
  await settled(room, moderator, 'after it');
  assert.ok(await hasRead(alice, roomId, 'of the moderator'));
  const stored = await asStored(server, moderator.peer, own.eventId);
  assert.deepEqual(valueAt(stored, 'signatures', serverName), {
    [key.keyId]: valueAt(own.pdu, 'signatures', serverName, key.keyId),
    [policyKeyId]: policyServer.signatureOf(stored),
  });
});

test('an event from elsewhere that the policy server refuses is soft-failed', async (given) => {
  const room = await policedRoom(given, 'soft-failed');
  const { alice, roomId, policyServer, server } = room;
  const bob = new PlayedUser(await given.newPeer(), 'bob');
  await bob.become(server, 'join', roomId);
  const refused = await message(server, bob, roomId, 'refused');
  policyServer.judge = () => spam;
  await deliver(server, bob.peer, refused.pdu);
  await settled(room, bob, 'beside it');
  assert.ok(!(await hasRead(alice, roomId, 'refused')));
  const path = v3 + pathOf`/rooms/${roomId}/event/${refused.eventId}`;
  assertRefused(await alice.request('GET', path), 404, 'M_NOT_FOUND');
  // Who knows its ID gets it (SS API, "Soft failure"), and nothing here is built on it.
  assert.equal(
    valueAt(await asStored(server, bob.peer, refused.eventId), 'content', 'body'),
    'refused',
  );
  const { body } = await bob.make(server, 'leave', roomId);
  assert.ok(!listAt(body, 'event', 'prev_events').includes(refused.eventId));
});

test('a wrong signature is as good as none', async (given) => {
  const room = await policedRoom(given, 'forged');
  const { alice, roomId, policyServer, server } = room;
  const bob = new PlayedUser(await given.newPeer(), 'bob');
  await bob.become(server, 'join', roomId);
  const { pdu } = await message(server, bob, roomId, 'forged');
  const forged = {
    [policyServer.peer.serverName]: { [policyKeyId]: policyServer.signatureOf({}) },
  };
  policyServer.judge = () => 'sign wrongly';
  await deliver(server, bob.peer, {
    ...pdu,
    signatures: { ...Object(pdu['signatures']), ...forged },
  });
  await settled(room, bob, 'beside the forged one');
  assert.ok(!(await hasRead(alice, roomId, 'forged')));
});

test('joins and invitations of other servers are asked about too', async (given) => {
  const { alice, roomId, policyServer, server } = await policedRoom(given, 'entering');
  const bob = new PlayedUser(await given.newPeer(), 'bob');
  policyServer.judge = () => spam;
  const join = await bob.signed(server, 'join', roomId);
  assertRefused(await bob.send(server, 'join', roomId, join), 403, 'M_FORBIDDEN');
  policyServer.judge = () => 'sign';
  const { body } = await bob.become(server, 'join', roomId);
  const { serverName } = policyServer.peer;
  assert.ok(valueAt(body, 'event', 'signatures', serverName, policyKeyId) !== undefined);
  await bob.become(server, 'leave', roomId);
  const seen: unknown[] = [];
  bob.peer.answer = (request, response) => {
    void textOf(request).then((text) => {
      const event = valueAt(JSON.parse(text), 'event');
      seen.push(event);
      assert.ok(isJsonObject(event));
      const signed = signEvent(bob.peer, version, event);
      const signatures = Object(signed.pdu['signatures']);
      reply(response, 200, { event: { ...event, signatures } });
    });
  };
  const path = v3 + pathOf`/rooms/${roomId}/invite`;
  policyServer.judge = () => spam;
  const invitation = { body: { user_id: bob.userId } };
  assertRefused(await alice.request('POST', path, invitation), 400, 'M_FORBIDDEN');
  assert.deepEqual(seen, []);
  policyServer.judge = () => 'sign';
  const invited = await alice.request('POST', path, invitation);
  assert.equal(invited.status, 200, JSON.stringify(invited.body));
  assert.ok(valueAt(seen[0], 'signatures', serverName, policyKeyId) !== undefined);
});

test('a redaction and an event of another type are asked about as they are', async (given) => {
  const { alice, roomId, policyServer } = await policedRoom(given, 'types');
  const eventId = await sendText(alice, roomId, 'to be redacted');
  await sendEvent(alice, roomId, 'm.room.policy', { via: 'no state' });
  const path = v3 + pathOf`/rooms/${roomId}/redact/${eventId}/1`;
  assert.equal((await alice.request('PUT', path, { body: {} })).status, 200);
  const types = policyServer.asked.map((pdu) => pdu['type']);
  assert.deepEqual(types, ['m.room.message', 'm.room.policy', 'm.room.redaction']);
});

test('this server is no policy server', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const path = '/_matrix/policy/v1/sign';
  const answer = await peer.request(one.serverName, 'POST', path, { body: {} });
  assertRefused(answer, 404, 'M_UNRECOGNIZED');
  const alice = await registerUser(one, 'no-policy-server');
  const information = await alice.request('GET', '/.well-known/matrix/policy_server');
  assertRefused(information, 404, 'M_UNRECOGNIZED');
});
