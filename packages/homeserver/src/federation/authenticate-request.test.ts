import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatXMatrix, parseServerName, signedRequestTextOf } from '@soma/protocol';

import { newSigningKey } from '../../../../tests/harness/signing-key.ts';
import type { TestSigningKey } from '../../../../tests/harness/signing-key.ts';
import { MatrixError } from '../errors/matrix-error.ts';
import { authenticateRequest } from './authenticate-request.ts';
import type { ReceivedRequest } from './authenticate-request.ts';

const keys = [newSigningKey('a'), newSigningKey('b')];
const [first, second] = keys;
const method = 'PUT';
const target = '/_matrix/federation/v1/send/1?x=%2F';
const heard: string[] = [];

const authenticator = {
  serverName: 'own.test',
  keyRing: {
    keysFor: async (serverName: string, keyIds: readonly string[]) =>
      new Map(
        keys
          .filter(({ keyId }) => serverName === 'origin.test' && keyIds.includes(keyId))
          .map(({ keyId, publicKey }) => [keyId, publicKey]),
      ),
  },
  allows: (serverName: string) => serverName !== 'banned.test',
  heardFrom: (serverName: string) => void heard.push(serverName),
};

/** A header over the body as its canonical text. */
function sign(
  key: TestSigningKey | undefined,
  contentText: string | undefined,
  changes: { origin?: string; destination?: string } = {},
): string {
  assert.ok(key !== undefined);
  const { origin = 'origin.test', destination = 'own.test' } = changes;
  const text = signedRequestTextOf({ method, uri: target, origin, destination }, contentText);
  return formatXMatrix({ origin, destination, keyId: key.keyId, signature: key.sign(text) });
}

function authenticate(
  bodyText: string | undefined,
  authorization: readonly string[],
  changes: Partial<ReceivedRequest> = {},
): Promise<string> {
  const body =
    bodyText === undefined
      ? undefined
      : { bytes: Buffer.from(bodyText), content: JSON.parse(bodyText) };
  return authenticateRequest({ method, target, authorization, body, ...changes }, authenticator);
}

async function refused(attempt: Promise<unknown>, status = 401): Promise<void> {
  await assert.rejects(attempt, (error) => {
    assert.ok(error instanceof MatrixError, String(error));
    assert.equal(error.status, status, error.message);
    assert.equal(error.errcode, status === 401 ? 'M_UNAUTHORIZED' : 'M_FORBIDDEN');
    return true;
  });
}

test('the body is signed as what it means, not as how it is written', async () => {
  const header = sign(first, '{"a":[1],"b":"é"}');
  for (const body of ['{"a":[1],"b":"é"}', '{ "b" : "\\u00e9", "a" : [ 1 ] }']) {
    assert.equal(await authenticate(body, [header]), parseServerName('origin.test'));
  }
  assert.deepEqual(heard, ['origin.test', 'origin.test']);
});

test('numbers that JavaScript would write otherwise are signed as old servers write them', async () => {
  const body = '{"depth":1.0,"large":[9223372036854775807,1e3]}';
  const header = sign(first, body.replace('1e3', '1000.0'));
  await authenticate(body, [header]);
  await refused(authenticate(body.replace('1.0', '1.1'), [header]));
  // What another server writes anew in the form of JavaScript is also taken.
  await authenticate('{"depth":1.0}', [sign(first, '{"depth":1}')]);
});

test('what is not what was signed is refused', async () => {
  const body = '{"a":1}';
  const header = sign(first, body);
  await authenticate(body, [header]);
  await refused(authenticate('{"a":2}', [header]));
  await refused(authenticate('{}', [header]));
  await refused(authenticate(undefined, [header]));
  await refused(authenticate(body, [sign(first, undefined)]));
  await refused(authenticate(body, [header], { method: 'POST' }));
  await refused(authenticate(body, [header], { target: '/_matrix/federation/v1/send/2' }));
  await refused(authenticate(body, [header], { target: target.replace('%2F', '/') }));
  await refused(authenticate(body, [sign(first, body, { destination: 'other.test' })]));
  await refused(authenticate(body, [sign(newSigningKey('a'), body)]));
  await refused(authenticate(body, [sign(newSigningKey('c'), body)]));
  await refused(authenticate(body, [sign(first, body, { origin: 'unknown.test' })]));
});

test('several signatures must be of one server, and none of them wrong', async () => {
  const body = '{"a":1}';
  const [good, alsoGood] = [sign(first, body), sign(second, body)];
  await authenticate(body, [good, alsoGood]);
  await authenticate(body, [good, sign(newSigningKey('unknown'), body)]);
  await refused(authenticate(body, [good, sign(newSigningKey('b'), body)]));
  await refused(authenticate(body, [good, sign(second, body, { origin: 'other.test' })]));
  await refused(authenticate(body, [good, 'Bearer token']));
  await refused(authenticate(body, []));
});

test('a server that this one does not federate with is forbidden', async () => {
  await refused(authenticate('{}', [sign(first, '{}', { origin: 'banned.test' })]), 403);
});
