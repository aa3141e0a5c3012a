import assert from 'node:assert/strict';

import { roomVersion, signJson, type JsonObject } from '@soma/protocol';

import { api, pathOf } from '../harness/api.ts';
import { createRoom, registerUser } from '../harness/client.ts';
import type { FederatedServer } from '../harness/federation.ts';
import { listAt, valueAt } from '../harness/json-path.ts';
import type { TestPeer } from '../harness/peer.ts';
import { newSigningKey } from '../harness/signing-key.ts';
import { federationTests } from './federation-test.ts';
import { PlayedUser, signEvent, type Signer } from './played-user.ts';

const formerKey = newSigningKey('former');
const formerTs = 1_600_000_000_000;
const test = federationTests({
  old_signing_keys: { [formerKey.keyId]: { key: formerKey.publicKey, expired_ts: formerTs } },
});
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const queryPath = '/_matrix/key/v2/query';

/** Lets a peer say other things of its keys, under its signature. */
function publish(peer: TestPeer, changes: JsonObject): void {
  const { serverName, key } = peer;
  const { signatures: _signatures, ...document } = peer.keyDocument();
  peer.publishKeys(() => signJson({ ...document, ...changes }, { serverName, ...key }));
}

/** A member of a new room, of version 3 or later, who says things at times of its choice. */
async function memberOf(server: FederatedServer, peer: TestPeer, version: string) {
  const alice = await registerUser(server, `lifetimes-${version}-${peer.serverName.split(':')[1]}`);
  const roomId = await createRoom(alice, { preset: 'public_chat', room_version: version });
  const bob = new PlayedUser(peer, 'bob');
  const { eventId: joinId } = await bob.become(server, 'join', roomId);
  const rules = roomVersion(version) ?? assert.fail(version);
  const base = { room_id: roomId, sender: bob.userId, type: 'm.room.message', depth: 9 };
  const parents = { prev_events: [joinId], auth_events: [] };
  return {
    /** What is said against an event of this time: undefined where it is taken. */
    async send(originServerTs: number, signer: Signer = peer): Promise<unknown> {
      const draft = { ...base, ...parents, content: {}, origin_server_ts: originServerTs };
      const { eventId, pdu } = signEvent(signer, rules, draft);
      const body = { origin: peer.serverName, origin_server_ts: 1, pdus: [pdu] };
      const target = pathOf`/_matrix/federation/v1/send/${eventId}`;
      const answer = await peer.request(server.serverName, 'PUT', target, { body });
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      const results = valueAt(answer.body, 'pdus', eventId);
      assert.notEqual(results, undefined, JSON.stringify(answer.body));
      return valueAt(results, 'error');
    },
  };
}

test('what a server signed with before is published, with when that ended', async ({ one }) => {
  const { body } = await api(one.url).request('GET', '/_matrix/key/v2/server');
  assert.deepEqual(valueAt(body, 'old_verify_keys'), {
    [formerKey.keyId]: { key: formerKey.publicKey, expired_ts: formerTs },
  });
  assert.equal(valueAt(body, 'verify_keys', formerKey.keyId), undefined);
});

test('an event is believed until the validity of its key ends, in old rooms always', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const validUntilTs = Date.now() + hourMs;
  publish(peer, { valid_until_ts: validUntilTs });
  for (const version of ['5', '12']) {
    const bob = await memberOf(one, peer, version);
    assert.equal(await bob.send(validUntilTs), undefined, version);
    assert.match(String(await bob.send(validUntilTs + 1)), /key/, version);
  }
  const old = await memberOf(one, peer, '4');
  assert.equal(await old.send(validUntilTs + 1), undefined);
});

test('a key is not believed for more than seven days, whatever its server says', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  publish(peer, { valid_until_ts: Date.now() + 365 * dayMs });
  const bob = await memberOf(one, peer, '11');
  assert.equal(await bob.send(Date.now() + 7 * dayMs - hourMs), undefined);
  assert.match(String(await bob.send(Date.now() + 7 * dayMs + hourMs)), /key/);
});

test('a key that is out of use is good for the events from before that', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const key = newSigningKey('before');
  const expiredTs = Date.now() - dayMs;
  publish(peer, {
    old_verify_keys: { [key.keyId]: { key: key.publicKey, expired_ts: expiredTs } },
  });
  const signer = { serverName: peer.serverName, key };
  const bob = await memberOf(one, peer, '11');
  assert.equal(await bob.send(expiredTs, signer), undefined);
  assert.match(String(await bob.send(expiredTs + 1, signer)), /key/);
  const old = await memberOf(one, peer, '4');
  assert.equal(await old.send(expiredTs + 1, signer), undefined);
});

test('a notary that is not told until when keys should be valid takes it to be now', async ({
  one,
  newPeer,
}) => {
  const post = (body: JsonObject) => api(one.url).request('POST', queryPath, { body });
  const forms = [
    ({ serverName }: TestPeer) => api(one.url).request('GET', queryPath + pathOf`/${serverName}`),
    ({ serverName, key }: TestPeer) =>
      api(one.url).request('GET', queryPath + pathOf`/${serverName}/${key.keyId}`),
    ({ serverName }: TestPeer) => post({ server_keys: { [serverName]: {} } }),
    ({ serverName, key }: TestPeer) => post({ server_keys: { [serverName]: { [key.keyId]: {} } } }),
  ];
  const asked = await Promise.all(forms.map(async (ask) => ({ ask, peer: await newPeer() })));
  const validUntilOf = async ({ ask, peer }: (typeof asked)[number]): Promise<unknown> => {
    const { body } = await ask(peer);
    return valueAt(listAt(body, 'server_keys')[0], 'valid_until_ts');
  };
  const pastTs = Date.now() - 1;
  for (const each of asked) {
    publish(each.peer, { valid_until_ts: pastTs });
    assert.equal(await validUntilOf(each), pastTs, 'it is all that there is');
  }
  // A server is not asked twice in a moment, but by another process.
  await one.kill();
  await one.restart();
  const freshTs = Date.now() + hourMs;
  for (const each of asked) {
    publish(each.peer, { valid_until_ts: freshTs });
    assert.equal(await validUntilOf(each), freshTs);
    assert.equal(await validUntilOf(each), freshTs);
    assert.equal(each.peer.asked.length, 2);
  }
});
