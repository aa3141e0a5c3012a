import assert from 'node:assert/strict';
import { test } from 'node:test';

import { nodeCrypto, nodeVerify } from '../../testing/node-crypto.ts';
import { knownVersion } from '../../testing/room-versions.ts';
import type { JsonObject } from '../canonical-json.ts';
import { contentHash, contentHashMatches, referenceText } from './hash.ts';
import { signJson, verifyJson } from './sign.ts';

const crypto = nodeCrypto();

// The vectors of the spec's appendix "Cryptographic Test Vectors", "JSON Signing".
const JSON_VECTORS: readonly (readonly [object: JsonObject, signature: string])[] = [
  [{}, 'K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ'],
  [
    { one: 1, two: 'Two' },
    'KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw',
  ],
];

for (const [object, signature] of JSON_VECTORS) {
  test(`signs ${JSON.stringify(object)} as the spec does`, () => {
    const signed = signJson(object, crypto);
    assert.deepEqual(signed, { ...object, signatures: { domain: { 'ed25519:1': signature } } });
    assert.deepEqual(verifyJson(signed, 'domain', knownKeys, nodeVerify), {
      valid: true,
      keyIds: ['ed25519:1'],
    });
  });
}

// "Event Signing" of the same appendix: events of room version 1, whose redaction keeps `origin` and `event_id`.
const EVENT_VECTORS: readonly (readonly [event: JsonObject, hash: string, signature: string])[] = [
  [
    {
      room_id: '!x:domain',
      sender: '@a:domain',
      origin: 'domain',
      origin_server_ts: 1_000_000,
      signatures: {},
      hashes: {},
      type: 'X',
      content: {},
      prev_events: [],
      auth_events: [],
      depth: 3,
      unsigned: { age_ts: 1_000_000 },
    },
    '5jM4wQpv6lnBo7CLIghJuHdW+s2CMBJPUOGOC89ncos',
    'KxwGjPSDEtvnFgU00fwFz+l6d2pJM6XBIaMEn81SXPTRl16AqLAYqfIReFGZlHi5KLjAWbOoMszkwsQma+lYAg',
  ],
  [
    {
      content: { body: 'Here is the message content' },
      event_id: '$0:domain',
      origin: 'domain',
      origin_server_ts: 1_000_000,
      type: 'm.room.message',
      room_id: '!r:domain',
      sender: '@u:domain',
      signatures: {},
      unsigned: { age_ts: 1_000_000 },
    },
    'onLKD1bGljeBWQhWZ1kaP9SorVmRQNdN5aM2JYU2n/g',
    'Wm+VzmOUOz08Ds+0NTWb1d4CZrVsJSikkeRxh6aCcUwu6pNC78FunoD7KNWzqFn241eYHYMGCA5McEiVPdhzBA',
  ],
];

for (const [event, hash, signature] of EVENT_VECTORS) {
  test(`hashes and signs an event of type ${JSON.stringify(event['type'])} as the spec does`, () => {
    assert.equal(contentHash(event, crypto), hash);
    const hashed = { ...event, hashes: { sha256: hash } };
    assert.equal(crypto.sign(referenceText(hashed, knownVersion('1'))), signature);
    assert.ok(contentHashMatches(hashed, crypto));
    assert.ok(contentHashMatches({ ...event, hashes: { sha256: `${hash}=` } }, crypto));
    assert.ok(!contentHashMatches({ ...hashed, changed: 1 }, crypto));
    assert.ok(!contentHashMatches(event, crypto), 'no hash is no match');
    for (const sha256 of ['!', hash.slice(4), 1]) {
      assert.ok(!contentHashMatches({ ...event, hashes: { sha256 } }, crypto));
    }
  });
}

test('signatures of several keys and servers stand side by side', () => {
  const second = nodeCrypto('domain', 'ed25519:2', `${'B'.repeat(42)}A`);
  const other = nodeCrypto('other', 'ed25519:1', `${'C'.repeat(42)}A`);
  const signed = [crypto, second, other].reduce<JsonObject>(signJson, { a: 1, unsigned: { b: 2 } });
  assert.deepEqual(signed['unsigned'], { b: 2 });
  const keys: Record<string, string> = {
    'ed25519:1': crypto.publicKey,
    'ed25519:2': second.publicKey,
  };
  const check = (object: JsonObject, serverName = 'domain') =>
    verifyJson(object, serverName, (keyId) => keys[keyId], nodeVerify);
  assert.deepEqual(check(signed), { valid: true, keyIds: ['ed25519:1', 'ed25519:2'] });
  assert.equal(check({ ...signed, unsigned: {} }).valid, true, 'unsigned is not covered');
  assert.equal(check({ ...signed, a: 2 }).valid, false, 'content is covered');
  assert.equal(check(signed, 'other').valid, false, 'the key is of another server');
  assert.equal(check(signed, 'third').valid, false, 'nobody signed');
  keys['ed25519:2'] = crypto.publicKey;
  assert.equal(check(signed).valid, false, 'one wrong signature by a known key is enough');
  delete keys['ed25519:2'];
  assert.deepEqual(
    check(signed),
    { valid: true, keyIds: ['ed25519:1'] },
    'unknown keys are skipped',
  );
  delete keys['ed25519:1'];
  assert.equal(check(signed).valid, false, 'no key is known');
});

test('malformed signatures are refused, foreign algorithms ignored', () => {
  for (const signatures of [
    undefined,
    'x',
    { domain: 'x' },
    { domain: {} },
    { domain: { 'ed25519:1': 1 } },
    { domain: { 'ed25519:1': '!' } },
    { domain: { 'curve448:1': 'AAAA' } },
  ]) {
    const object: JsonObject = signatures === undefined ? {} : { signatures };
    assert.equal(verifyJson(object, 'domain', knownKeys, nodeVerify).valid, false);
  }
  const signed = signJson({}, crypto);
  signed.signatures['domain'] = { 'curve448:1': 'AAAA', ...signatureOf(signed) };
  assert.equal(verifyJson(signed, 'domain', knownKeys, nodeVerify).valid, true);
  assert.equal(verifyJson({}, '__proto__', knownKeys, nodeVerify).valid, false);
  // Nor is one taken for ed25519 because a key is known by its ID.
  const renamed = {
    signatures: { domain: { 'curve448:1': signatureOf(signJson({}, crypto))['ed25519:1'] ?? '' } },
  };
  assert.equal(verifyJson(renamed, 'domain', () => crypto.publicKey, nodeVerify).valid, false);
});

function knownKeys(keyId: string): string | undefined {
  return keyId === 'ed25519:1' ? crypto.publicKey : undefined;
}

function signatureOf(signed: { signatures: JsonObject }): JsonObject {
  const { domain } = signed.signatures;
  return typeof domain === 'object' && domain !== null && !Array.isArray(domain) ? domain : {};
}
