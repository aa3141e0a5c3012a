import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';

import { redactPdu, roomVersion, signJson } from '@soma/protocol';
import type { JsonObject, Pdu } from '@soma/protocol';

import { pathOf } from '../harness/api.ts';
import { createRoom, registerUser, sendText } from '../harness/client.ts';
import type { TestUser } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import type { TestPeer } from '../harness/peer.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { reply, textOf } from './played-room.ts';

const test = federationTests();
const v3 = '/_matrix/client/v3';

/** What a peer was sent, in order. */
interface Sent {
  readonly path: string;
  readonly body: JsonObject;
}

type Take = (event: Pdu, sent: Sent, response: ServerResponse) => void | Promise<void>;

/** Lets a peer take invitations; resolves to what it is sent. */
function takeInvites(peer: TestPeer, take: Take): Sent[] {
  const all: Sent[] = [];
  peer.answer = (request: IncomingMessage, response) => {
    void (async () => {
      const body: JsonObject = JSON.parse(await textOf(request));
      // What happens in the room is sent too, to whom it concerns.
      if (!request.url?.includes('/invite/')) {
        reply(response, 200, { pdus: {} });
        return;
      }
      const sent = { path: request.url ?? '', body };
      all.push(sent);
      await take((body['event'] ?? body) as Pdu, sent, response);
    })();
  };
  return all;
}

function signed(peer: TestPeer, event: Pdu, versionId: string): JsonObject {
  const version = roomVersion(versionId);
  assert.ok(version !== undefined);
  const { serverName, key } = peer;
  const { signatures } = signJson(redactPdu(event, version), { serverName, ...key });
  return { ...event, signatures: { ...event.signatures, ...(signatures as JsonObject) } };
}

function invite(user: TestUser, roomId: string, userId: string, body: JsonObject = {}) {
  const path = v3 + pathOf`/rooms/${roomId}/invite`;
  return user.request('POST', path, { body: { user_id: userId, ...body } });
}

async function membershipOf(user: TestUser, roomId: string, userId: string): Promise<unknown> {
  const path = v3 + pathOf`/rooms/${roomId}/state/m.room.member/${userId}`;
  const { status, body } = await user.request('GET', path);
  return status === 404 ? undefined : valueAt(body, 'membership');
}

for (const version of ['1', '6', '12']) {
  test(`a user of another server is invited, in room version ${version}`, async ({
    one,
    newPeer,
  }) => {
    const peer = await newPeer();
    const bobId = `@bob:${peer.serverName}`;
    const alice = await registerUser(one, `inviter${version}`);
    const roomId = await createRoom(alice, { room_version: version, name: 'Here' });
    const all = takeInvites(peer, (event, _, response) => {
      reply(response, 200, { event: signed(peer, event, version) });
    });
    const { status, body } = await invite(alice, roomId, bobId, { reason: 'come' });
    assert.equal(status, 200, JSON.stringify(body));
    const [sent] = all;
    assert.equal(all.length, 1);
    assert.match(sent?.path ?? '', /^\/_matrix\/federation\/v2\/invite\//);
    assert.equal(sent?.body['room_version'], version);
    const event = sent?.body['event'] as Pdu;
    assert.equal(event.state_key, bobId);
    assert.deepEqual(event.content, { membership: 'invite', reason: 'come' });
    const state = sent?.body['invite_room_state'] as Pdu[];
    assert.ok(state.some(({ type }) => type === 'm.room.create'));
    assert.ok(
      state.every(({ hashes, signatures }) => hashes && signatures),
      'whole events',
    );
    assert.equal(await membershipOf(alice, roomId, bobId), 'invite');
    const messages = await alice.request(
      'GET',
      v3 + pathOf`/rooms/${roomId}/messages?dir=b&limit=1`,
    );
    assert.equal(valueAt(listAt(messages.body, 'chunk')[0], 'state_key'), bobId);
    // The same once more is so already.
    assert.equal((await invite(alice, roomId, bobId, { reason: 'come' })).status, 200);
    assert.equal(all.length, 1);
    // Who is kicked can be invited again.
    const kick = v3 + pathOf`/rooms/${roomId}/kick`;
    assert.equal((await alice.request('POST', kick, { body: { user_id: bobId } })).status, 200);
    assert.equal(await membershipOf(alice, roomId, bobId), 'leave');
    assert.equal((await invite(alice, roomId, bobId)).status, 200);
    assert.equal(all.length, 2);
  });
}

test('a room is made together with users of another server', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const bobId = `@bob:${peer.serverName}`;
  const alice = await registerUser(one, 'maker');
  const all = takeInvites(peer, (event, _, response) => {
    reply(response, 200, { event: signed(peer, event, '12') });
  });
  const body = { invite: [bobId], is_direct: true, preset: 'trusted_private_chat' };
  const roomId = await createRoom(alice, body);
  const event = all[0]?.body['event'] as Pdu;
  assert.deepEqual(event.content, { membership: 'invite', is_direct: true });
  assert.equal(await membershipOf(alice, roomId, bobId), 'invite');
  const path = v3 + pathOf`/rooms/${roomId}/state/m.room.create/`;
  assert.deepEqual(valueAt((await alice.request('GET', path)).body, 'additional_creators'), [
    bobId,
  ]);
});

test('a room of version 1 or 2 invites by the older request where the newer is unknown', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const bobId = `@bob:${peer.serverName}`;
  const alice = await registerUser(one, 'older');
  let refusal: readonly [status: number, errcode: string] = [404, 'M_UNRECOGNIZED'];
  const all = takeInvites(peer, (event, { path }, response) => {
    const [status, errcode] = refusal;
    if (path.includes('/v2/')) reply(response, status, { errcode, error: 'what?' });
    else reply(response, 200, [200, { event: signed(peer, event, '2') }]);
  });
  for (const each of [[400, 'M_UNKNOWN'], [404, 'M_NOT_FOUND'], refusal] as const) {
    refusal = each;
    const old = await createRoom(alice, { room_version: '2' });
    assert.equal((await invite(alice, old, bobId)).status, 200);
    assert.equal(await membershipOf(alice, old, bobId), 'invite');
    assert.ok(Array.isArray(valueAt(all.at(-1)?.body, 'unsigned', 'invite_room_state')));
  }
  const newer = await createRoom(alice, {});
  assertRefused(await invite(alice, newer, bobId), 502, 'M_UNKNOWN');
});

test('what the other server refuses is passed on, and nobody is invited', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const bobId = `@bob:${peer.serverName}`;
  const alice = await registerUser(one, 'refused');
  const roomId = await createRoom(alice, {});
  const refusals = [
    [403, 'M_FORBIDDEN', 403, 'M_FORBIDDEN'],
    [403, 'M_INVITE_BLOCKED', 403, 'M_INVITE_BLOCKED'],
    [404, 'M_NOT_FOUND', 404, 'M_NOT_FOUND'],
    [400, 'M_INCOMPATIBLE_ROOM_VERSION', 400, 'M_UNSUPPORTED_ROOM_VERSION'],
    [400, 'M_MISSING_PARAM', 502, 'M_UNKNOWN'],
    [500, 'M_UNKNOWN', 502, 'M_UNKNOWN'],
  ] as const;
  for (const [status, errcode, expectedStatus, expected] of refusals) {
    takeInvites(peer, (_, __, response) => reply(response, status, { errcode, error: 'no' }));
    assertRefused(await invite(alice, roomId, bobId), expectedStatus, expected);
  }
  const answers: readonly ((event: Pdu) => JsonObject)[] = [
    (event) => ({ event }),
    () => ({}),
    (event) => ({ event: signed(peer, { ...event, depth: event.depth + 1 }, '12') }),
    (event) => ({
      event: { ...event, signatures: { [peer.serverName]: { [peer.key.keyId]: 'A'.repeat(86) } } },
    }),
  ];
  for (const answer of answers) {
    takeInvites(peer, (event, _, response) => reply(response, 200, answer(event)));
    assertRefused(await invite(alice, roomId, bobId), 502, 'M_UNKNOWN');
  }
  assert.equal(await membershipOf(alice, roomId, bobId), undefined);
  const carol = await registerUser(one, 'powerless');
  const all = takeInvites(peer, () => assert.fail('it is not asked'));
  assertRefused(await invite(carol, roomId, bobId), 403, 'M_FORBIDDEN');
  assert.equal(all.length, 0);
  await peer.close();
  assertRefused(await invite(alice, roomId, bobId), 502, 'M_UNKNOWN');
});

test('the room goes on while the other server thinks', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const bobId = `@bob:${peer.serverName}`;
  const alice = await registerUser(one, 'patient');
  const roomId = await createRoom(alice, {});
  takeInvites(peer, async (event, _, response) => {
    await sendText(alice, roomId, 'meanwhile');
    reply(response, 200, { event: signed(peer, event, '12') });
  });
  const { status, body } = await invite(alice, roomId, bobId);
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(await membershipOf(alice, roomId, bobId), 'invite');
  await sendText(alice, roomId, 'and on it goes');
});
