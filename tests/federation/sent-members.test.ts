import assert from 'node:assert/strict';

import { roomVersion, type JsonObject } from '@soma/protocol';

import { act, ok, roomPath } from '../client-server/requests.ts';
import { createRoom, registerUser, sendState } from '../harness/client.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import { signingKeyOf } from '../harness/signing-key.ts';
import { assertRefused, federationTests } from './federation-test.ts';
import { PlayedUser, signEvent, type Handshake } from './played-user.ts';

const test = federationTests();

const version = roomVersion('11') ?? assert.fail();

for (const membership of ['leave', 'knock'] as const satisfies readonly Handshake[]) {
  test(`what is no ${membership} of a user of the server that sends it is refused`, async ({
    one,
    newPeer,
  }) => {
    const alice = await registerUser(one, `strict-${membership}`);
    const [bob, mallory] = [await newPeer(), await newPeer()].map(
      (peer) => new PlayedUser(peer, 'bob'),
    );
    assert.ok(bob !== undefined && mallory !== undefined);
    const join_rule = membership === 'knock' ? 'knock' : 'public';
    const rules = {
      room_version: '11',
      preset: 'public_chat',
      initial_state: [{ type: 'm.room.join_rules', content: { join_rule } }],
    };
    const roomId = await createRoom(alice, rules);
    const elsewhere = await createRoom(alice, rules);
    if (membership === 'leave') await bob.become(one, 'join', roomId);
    const good = await bob.signed(one, membership, roomId);
    const changes: readonly JsonObject[] = [
      { type: 'm.room.message' },
      { content: { membership: 'join' } },
      { content: { membership: 'ban' } },
      { content: {} },
      { sender: mallory.userId, state_key: mallory.userId },
      { state_key: alice.userId },
      { room_id: elsewhere },
    ];
    for (const change of changes) {
      const event = signEvent(bob.peer, version, { ...good.pdu, ...change, signatures: {} });
      const answer = await bob.send(one, membership, roomId, event);
      assertRefused(answer, 400, 'M_INVALID_PARAM');
    }
    const wrongId = { ...good, eventId: `${good.eventId}x` };
    assertRefused(await bob.send(one, membership, roomId, wrongId), 400, 'M_INVALID_PARAM');
    const byAnother = await mallory.send(one, membership, roomId, good);
    assertRefused(byAnother, 400, 'M_INVALID_PARAM');
    for (const signer of [
      { serverName: bob.peer.serverName, key: mallory.peer.key },
      { serverName: one.serverName, key: signingKeyOf(one) },
      mallory.peer,
    ]) {
      const misSigned = signEvent(signer, version, good.pdu);
      const answer = await bob.send(one, membership, roomId, misSigned);
      assertRefused(answer, 400, 'M_INVALID_PARAM');
    }
    const chunk = listAt(await ok(alice, 'GET', roomPath(roomId, 'members')), 'chunk');
    const member = chunk.find((event) => valueAt(event, 'state_key') === bob.userId);
    const unchanged = membership === 'leave' ? 'join' : undefined;
    assert.equal(valueAt(member, 'content', 'membership'), unchanged);
    const { status, body } = await bob.send(one, membership, roomId, good);
    assert.equal(status, 200, JSON.stringify(body));
  });
}

test('a join by the conditions of a room is judged again when it is sent', async ({
  one,
  newPeer,
}) => {
  const alice = await registerUser(one, 'changing');
  const bob = new PlayedUser(await newPeer(), 'bob');
  const lobby = await createRoom(alice, { preset: 'public_chat' });
  await bob.become(one, 'join', lobby);
  const allow = [{ type: 'm.room_membership', room_id: lobby }];
  const content = { join_rule: 'restricted', allow };
  const restricted = {
    room_version: '11',
    initial_state: [{ type: 'm.room.join_rules', content }],
  };
  const [muted, unknown] = [
    await createRoom(alice, restricted),
    await createRoom(alice, restricted),
  ];
  const [toMuted, toUnknown] = [
    await bob.signed(one, 'join', muted),
    await bob.signed(one, 'join', unknown),
  ];
  const levels = { users: { [alice.userId]: 99 }, invite: 100 };
  await sendState(alice, muted, 'm.room.power_levels', '', levels);
  const ungranted = await bob.send(one, 'join', muted, toMuted);
  assertRefused(ungranted, 400, 'M_UNABLE_TO_GRANT_JOIN');
  // The server does not see any more who is in the lobby.
  await act(alice, lobby, 'leave');
  const unauthorised = await bob.send(one, 'join', unknown, toUnknown);
  assertRefused(unauthorised, 400, 'M_UNABLE_TO_AUTHORISE_JOIN');
});
