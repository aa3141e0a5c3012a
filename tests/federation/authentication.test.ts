import assert from 'node:assert/strict';

import { signJson, signedRequestText } from '@soma/protocol';

import { registerUser } from '../harness/client.ts';
import type { TestPeer } from '../harness/peer.ts';
import { newSigningKey, signingKeyOf } from '../harness/signing-key.ts';
import { assertRefused, federationTests } from './federation-test.ts';

const test = federationTests();
const profilePath = '/_matrix/federation/v1/query/profile';

function profileOf(userId: string): string {
  return `${profilePath}?user_id=${encodeURIComponent(userId)}`;
}

test('a signed request is answered, and its key fetched once', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const alice = await registerUser(one, `alice${peer.key.publicKey.length}`);
  for (let count = 0; count < 3; count += 1) {
    const answer = await peer.request(one.serverName, 'GET', profileOf(alice.userId));
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.deepEqual(answer.body, { displayname: alice.userId.slice(1).split(':')[0] });
  }
  assert.deepEqual(peer.asked, ['GET /_matrix/key/v2/server']);
  const field = `${profileOf(alice.userId)}&field=avatar_url`;
  assert.deepEqual((await peer.request(one.serverName, 'GET', field)).body, {});
});

test('a Soma believes another Soma', async ({ one, two, newPeer }) => {
  const peer = await newPeer();
  const target = profileOf(`@nobody:${two.serverName}`);
  const inTheNameOf = { origin: one.serverName, key: signingKeyOf(one) };
  const answer = await peer.request(two.serverName, 'GET', target, inTheNameOf);
  assertRefused(answer, 404, 'M_NOT_FOUND');
  assert.deepEqual(peer.asked, [], "the key came from the other Soma's own address");
});

test('what was signed must be what is sent', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const target = profileOf(`@nobody:${one.serverName}`);
  const request = (options: Parameters<TestPeer['request']>[3]) =>
    peer.request(one.serverName, 'GET', target, options);
  assertRefused(await request({}), 404, 'M_NOT_FOUND');
  for (const [what, options] of Object.entries({
    'another target': { sentTarget: profileOf(`@somebody:${one.serverName}`) },
    'the same target written otherwise': { sentTarget: target.replace('%40', '@') },
    'an added parameter': { sentTarget: `${target}&field=displayname` },
    'a body where there is none': { body: {} },
    'another destination': { destination: 'elsewhere.example' },
    'no signature': { authorization: null },
    'another scheme': { authorization: 'Bearer token' },
    'no origin': { authorization: 'X-Matrix key="ed25519:peer",sig="x"' },
    'an origin that is no name': { origin: 'a b' },
  })) {
    const answer = await request(options);
    assert.equal(answer.status, 401, what);
    assertRefused(answer, 401, 'M_UNAUTHORIZED');
  }
});

test('a signature is read in each form that its grammar allows', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const target = profileOf(`@nobody:${one.serverName}`);
  const { serverName: origin, key } = peer;
  const destination = one.serverName;
  const text = signedRequestText({ method: 'GET', uri: target, origin, destination }, undefined);
  const sig = key.sign(text);
  const ask = (authorization: string) =>
    peer.request(destination, 'GET', target, { authorization });
  for (const authorization of [
    `X-Matrix origin=${origin},destination=${destination},key=${key.keyId},sig=${sig}`,
    `x-matrix   KEY="${key.keyId}" ,\tSig="${sig}==", Destination="${destination}" ,Origin=${origin}`,
    `X-Matrix origin="\\${origin}",key="ed25519\\:peer",sig="${sig}",destination="${destination}",more="a,\\"b"`,
    `X-Matrix origin="${origin}",key="${key.keyId}",signature="${sig}"`,
  ]) {
    assertRefused(await ask(authorization), 404, 'M_NOT_FOUND');
  }
  const [start, end] = [`X-Matrix origin="${origin}",key="${key.keyId}"`, `sig="${sig}"`];
  for (const authorization of [
    `${start};${end}`,
    `${start} ${end}`,
    `${start},${end},${end}`,
    `${start},sig="${sig}`,
    start,
    `${start},${end},destination="elsewhere.example"`,
    `${start},${end},destination=""`,
    `${start.replace('ed25519:', 'ed448:')},${end}`,
  ]) {
    assertRefused(await ask(authorization), 401, 'M_UNAUTHORIZED');
  }
});

test('a request for another server, or to another path, cannot be used again', async ({
  one,
  two,
  newPeer,
}) => {
  const peer = await newPeer();
  const target = profileOf(`@nobody:${one.serverName}`);
  // The header of a request to the first server, sent to the second.
  const replayed = await peer.request(two.serverName, 'GET', target, {
    destination: one.serverName,
  });
  assertRefused(replayed, 401, 'M_UNAUTHORIZED');
});

test('a request without a destination is let in, if it was signed for this server', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const target = profileOf(`@nobody:${one.serverName}`);
  const answer = await peer.request(one.serverName, 'GET', target, { destination: undefined });
  assertRefused(answer, 404, 'M_NOT_FOUND');
});

test('a key that the server does not publish is no key', async ({ one, two, newPeer }) => {
  const peer = await newPeer();
  const target = profileOf(`@nobody:${one.serverName}`);
  const other = newSigningKey('other');
  const sameId = newSigningKey('peer');
  for (const options of [
    { key: other },
    { key: sameId },
    { origin: two.serverName },
    { origin: 'unreachable.invalid' },
  ]) {
    const answer = await peer.request(one.serverName, 'GET', target, options);
    assertRefused(answer, 401, 'M_UNAUTHORIZED');
  }
});

test('a key that is out of use, or no longer valid, signs no requests', async ({
  one,
  newPeer,
}) => {
  const old = await newPeer();
  const fresh = newSigningKey('fresh');
  old.publishKeys(() =>
    signJson(
      {
        server_name: old.serverName,
        verify_keys: { [fresh.keyId]: { key: fresh.publicKey } },
        old_verify_keys: {
          [old.key.keyId]: { key: old.key.publicKey, expired_ts: Date.now() + 1_000_000 },
        },
        valid_until_ts: Date.now() + 1_000_000,
      },
      { serverName: old.serverName, ...fresh },
    ),
  );
  const expired = await newPeer();
  const { keyId } = expired.key;
  expired.publishKeys(() => {
    const { signatures: _signatures, ...document } = expired.keyDocument();
    const signer = { serverName: expired.serverName, keyId, sign: expired.key.sign };
    return signJson({ ...document, valid_until_ts: Date.now() - 60_000 }, signer);
  });
  for (const peer of [old, expired]) {
    const target = profileOf(`@nobody:${one.serverName}`);
    const answer = await peer.request(one.serverName, 'GET', target);
    assertRefused(answer, 401, 'M_UNAUTHORIZED');
  }
});

test('wrong parameters are told to those who have signed', async ({ one, two, newPeer }) => {
  const peer = await newPeer();
  const get = (target: string) => peer.request(one.serverName, 'GET', target);
  assertRefused(await get(profilePath), 400, 'M_MISSING_PARAM');
  assertRefused(await get(profileOf('nobody')), 400, 'M_INVALID_PARAM');
  assertRefused(await get(profileOf(`@nobody:${two.serverName}`)), 400, 'M_INVALID_PARAM');
});
