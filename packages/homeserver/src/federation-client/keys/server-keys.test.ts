import assert from 'node:assert/strict';
import { test } from 'node:test';

import { signJson, type JsonObject, type JsonValue } from '@soma/protocol';

import { newSigningKey } from '../../../../../tests/harness/signing-key.ts';
import { parseServerKeys } from './server-keys.ts';
import type { ServerKey } from './server-keys.ts';

const serverName = 'example.org';
const nowMs = 1_700_000_000_000;
const dayMs = 24 * 3_600_000;
const current = newSigningKey('a');
const second = newSigningKey('b');
const old = newSigningKey('old');
const published: JsonObject = {
  server_name: serverName,
  verify_keys: { [current.keyId]: { key: current.publicKey } },
  old_verify_keys: {},
  valid_until_ts: nowMs + dayMs,
};

function parse(changes: JsonObject, signers = [current]): readonly ServerKey[] | string {
  const document = signers.reduce<JsonObject>(
    (signed, key) => signJson(signed, { serverName, ...key }),
    { ...published, ...changes },
  );
  const parsed = parseServerKeys(document, serverName, nowMs);
  return typeof parsed === 'string' ? parsed : parsed.keys;
}

function oldKeys(fields: JsonObject): JsonObject {
  return { old_verify_keys: { [old.keyId]: { key: old.publicKey, ...fields } } };
}

const wanted: ServerKey = {
  keyId: current.keyId,
  publicKey: current.publicKey,
  validUntilTs: nowMs + dayMs,
  isOld: false,
};

test('keys in use and out of use are told apart', () => {
  assert.deepEqual(parse(oldKeys({ expired_ts: 5 })), [
    wanted,
    { keyId: old.keyId, publicKey: old.publicKey, validUntilTs: 5, isOld: true },
  ]);
});

test('no key is valid for longer than seven days, and none that is out of use in the future', () => {
  assert.deepEqual(parse({ valid_until_ts: nowMs + 8 * dayMs }), [
    { ...wanted, validUntilTs: nowMs + 7 * dayMs },
  ]);
  assert.deepEqual(parse({ valid_until_ts: 5 }), [{ ...wanted, validUntilTs: 5 }]);
  const [, expired] = parse(oldKeys({ expired_ts: nowMs + dayMs }));
  assert.equal(Object(expired).validUntilTs, nowMs);
});

test('base64 may have padding', () => {
  const padded = { verify_keys: { [current.keyId]: { key: `${current.publicKey}=` } } };
  const signer = { ...current, sign: (text: string) => `${current.sign(text)}==` };
  assert.deepEqual(parse(padded, [signer]), [wanted]);
});

test('keys of other algorithms, and what is no key, are left out', () => {
  const key = second.publicKey;
  for (const verify_keys of [
    { 'curve25519:b': { key } },
    { 'ed25519:': { key } },
    { ed25519: { key } },
    { 'ed25519:b c': { key } },
    { 'ed25519:b': key },
    { 'ed25519:b': { key: 7 } },
    { 'ed25519:b': { key: key.slice(4) } },
    { 'ed25519:b': {} },
  ]) {
    const keys = { ...verify_keys, [current.keyId]: { key: current.publicKey } };
    assert.deepEqual(parse({ verify_keys: keys }), [wanted], JSON.stringify(verify_keys));
  }
  for (const fields of [{}, { expired_ts: 'then' }, { expired_ts: -1 }, { expired_ts: 1.5 }]) {
    assert.deepEqual(parse(oldKeys(fields)), [wanted], JSON.stringify(fields));
  }
  // What is in use is not out of use as well.
  const both = { [current.keyId]: { key: second.publicKey, expired_ts: 5 } };
  assert.deepEqual(parse({ old_verify_keys: both }), [wanted]);
});

test('a document must be signed by a key that it has in use, and wrongly by none', () => {
  assert.equal(typeof parse({}, []), 'string');
  assert.equal(typeof parse({}, [second]), 'string');
  assert.equal(typeof parse(oldKeys({ expired_ts: nowMs }), [old]), 'string');
  const two = Object.fromEntries(
    [current, second].map(({ keyId, publicKey }) => [keyId, { key: publicKey }]),
  );
  assert.equal(parse({ verify_keys: two }, [current, second]).length, 2);
  assert.equal(parse({ verify_keys: two }, [second]).length, 2);
  const forged = { ...second, sign: current.sign };
  assert.equal(typeof parse({ verify_keys: two }, [current, forged]), 'string');
});

test('a document of another server, or without its fields, is none', () => {
  const wrong: readonly JsonObject[] = [
    { server_name: 'elsewhere.example' },
    { server_name: 7 },
    { valid_until_ts: 'tomorrow' },
    { valid_until_ts: -1 },
    { valid_until_ts: null },
    { verify_keys: [] },
    { verify_keys: {} },
  ];
  for (const changes of wrong)
    assert.equal(typeof parse(changes), 'string', JSON.stringify(changes));
  const values: readonly JsonValue[] = [null, [], 'text', {}];
  for (const value of values)
    assert.equal(typeof parseServerKeys(value, serverName, nowMs), 'string');
});
