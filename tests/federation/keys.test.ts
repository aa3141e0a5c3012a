import assert from 'node:assert/strict';

import { isJsonObject, verifyJson, type JsonObject } from '@soma/protocol';

import { api, pathOf } from '../harness/api.ts';
import type { FederatedServer } from '../harness/federation.ts';
import { listAt, textAt, valueAt } from '../harness/json-path.ts';
import { signingKeyOf, verifySignature } from '../harness/signing-key.ts';
import { assertRefused, federationTests } from './federation-test.ts';

const test = federationTests();
const queryPath = '/_matrix/key/v2/query';

function isSignedBy(document: unknown, server: FederatedServer): boolean {
  const key = signingKeyOf(server);
  const publicKeyOf = (keyId: string): string | undefined =>
    keyId === key.keyId ? key.publicKey : undefined;
  return (
    isJsonObject(document) &&
    verifyJson(document, server.serverName, publicKeyOf, verifySignature).valid
  );
}

async function queryOne(notary: FederatedServer, serverName: string): Promise<readonly unknown[]> {
  const answer = await api(notary.url).request('GET', queryPath + pathOf`/${serverName}`);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return listAt(answer.body, 'server_keys');
}

async function queryMany(notary: FederatedServer, serverKeys: object): Promise<readonly unknown[]> {
  const body = { server_keys: serverKeys };
  const answer = await api(notary.url).request('POST', queryPath, { body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return listAt(answer.body, 'server_keys');
}

test('a server publishes its key, signed by it, for a day at least an hour', async ({ one }) => {
  const key = signingKeyOf(one);
  for (const path of ['/_matrix/key/v2/server', '/_matrix/key/v2/server/ed25519:any']) {
    const { status, body } = await api(one.url).request('GET', path);
    assert.equal(status, 200);
    assert.equal(valueAt(body, 'server_name'), one.serverName);
    assert.deepEqual(valueAt(body, 'verify_keys'), { [key.keyId]: { key: key.publicKey } });
    assert.deepEqual(valueAt(body, 'old_verify_keys'), {});
    const hours = (Number(valueAt(body, 'valid_until_ts')) - Date.now()) / 3_600_000;
    assert.ok(hours > 1 && hours <= 24, `${hours} hours`);
    assert.ok(isSignedBy(body, one));
  }
});

test('a notary asks the server over TLS, and adds its signature', async ({ one, two }) => {
  const [document, ...more] = await queryOne(one, two.serverName);
  assert.equal(more.length, 0);
  assert.equal(valueAt(document, 'server_name'), two.serverName);
  assert.ok(isSignedBy(document, two), 'the server itself has signed');
  assert.ok(isSignedBy(document, one), 'the notary has signed');
  assert.deepEqual(await queryMany(one, { [two.serverName]: {} }), [document]);
});

test('a notary answers about itself, many servers, and no server', async ({ one, two }) => {
  const [own] = await queryOne(two, two.serverName);
  assert.ok(isSignedBy(own, two));
  const found = await queryMany(one, { [one.serverName]: {}, [two.serverName]: {} });
  assert.deepEqual(
    found.map((document) => valueAt(document, 'server_name')),
    [one.serverName, two.serverName],
  );
  assert.deepEqual(await queryMany(one, {}), []);
});

test('a notary keeps the keys of a server that is gone', async ({ one, newPeer }) => {
  const peer = await newPeer();
  const [document] = await queryOne(one, peer.serverName);
  assert.deepEqual(valueAt(document, 'verify_keys'), {
    [peer.key.keyId]: { key: peer.key.publicKey },
  });
  await peer.close();
  const later = { minimum_valid_until_ts: Date.now() + 30 * 24 * 3_600_000 };
  const wanted = { [peer.serverName]: { [peer.key.keyId]: later } };
  assert.deepEqual(await queryMany(one, wanted), [document]);
  assert.deepEqual(await queryOne(one, '127.0.0.1:1'), []);
});

test('a notary answers by what it knows, and asks no server again and again', async ({
  one,
  newPeer,
}) => {
  const peer = await newPeer();
  const { serverName, key } = peer;
  const [soon, later] = [Date.now() + 60_000, Date.now() + 7_200_000];
  const path = queryPath + pathOf`/${serverName}`;
  const asked = (): number => peer.asked.length;
  const get = async (minimum: number, keyId = ''): Promise<unknown> => {
    const query = { minimum_valid_until_ts: minimum };
    const target = keyId === '' ? path : `${path}/${encodeURIComponent(keyId)}`;
    const { status, body } = await api(one.url).request('GET', target, { query });
    assert.equal(status, 200, JSON.stringify(body));
    return listAt(body, 'server_keys')[0];
  };
  const document = await get(soon);
  assert.ok(isSignedBy(document, one));
  const publicKeyOf = (keyId: string): string | undefined =>
    keyId === key.keyId ? key.publicKey : undefined;
  assert.ok(isJsonObject(document));
  assert.ok(verifyJson(document, serverName, publicKeyOf, verifySignature).valid);
  assert.equal(asked(), 1);
  // They last for an hour.
  await get(soon);
  await get(soon, key.keyId);
  await queryMany(one, { [serverName]: { [key.keyId]: { minimum_valid_until_ts: soon } } });
  await queryMany(one, { [serverName]: { [key.keyId]: {} } });
  assert.equal(asked(), 1);
  // Whoever wants more gets what there is: the server was asked a moment ago.
  await get(later);
  await queryMany(one, { [serverName]: { [key.keyId]: { minimum_valid_until_ts: later } } });
  await get(soon, 'ed25519:other');
  assert.equal(asked(), 1);
});

test('keys that are not signed by their server, or of another one, are not taken', async ({
  one,
  two,
  newPeer,
}) => {
  const forgeries: ((document: JsonObject) => JsonObject)[] = [
    ({ signatures: _signatures, ...document }) => document,
    (document) => ({ ...document, signatures: {} }),
    (document) => ({ ...document, valid_until_ts: 1 }),
    (document) => ({ ...document, server_name: two.serverName }),
    (document) => ({ ...document, verify_keys: {} }),
  ];
  for (const forge of forgeries) {
    const peer = await newPeer();
    peer.publishKeys(() => forge(peer.keyDocument()));
    assert.deepEqual(await queryOne(one, peer.serverName), []);
  }
});

test('what is no query is refused', async ({ one }) => {
  const client = api(one.url);
  assertRefused(await client.request('GET', `${queryPath}/a%20b`), 400, 'M_INVALID_PARAM');
  for (const minimum of ['soon', '-1', '1.5']) {
    const target = `${queryPath}/a.test?minimum_valid_until_ts=${minimum}`;
    assertRefused(await client.request('GET', target), 400, 'M_INVALID_PARAM');
  }
  for (const [body, errcode] of [
    [{}, 'M_MISSING_PARAM'],
    [{ server_keys: [] }, 'M_BAD_JSON'],
    [{ server_keys: { 'a b': {} } }, 'M_INVALID_PARAM'],
    [{ server_keys: { a: { k: { minimum_valid_until_ts: 'now' } } } }, 'M_BAD_JSON'],
  ] as const) {
    assertRefused(await client.request('POST', queryPath, { body }), 400, errcode);
  }
  const many = Object.fromEntries(Array.from({ length: 501 }, (_, n) => [`s${n}.test`, {}]));
  const answer = await client.request('POST', queryPath, { body: { server_keys: many } });
  assertRefused(answer, 400, 'M_INVALID_PARAM');
});

test('a server says its name and version', async ({ one }) => {
  const { status, body } = await api(one.url).request('GET', '/_matrix/federation/v1/version');
  assert.equal(status, 200);
  assert.equal(valueAt(body, 'server', 'name'), 'Soma');
  assert.match(textAt(body, 'server', 'version'), /^\d+\.\d+\.\d+/);
});
