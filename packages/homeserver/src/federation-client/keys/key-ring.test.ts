import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { compareCodePoints, isJsonObject, roomVersion, signJson, signedText } from '@soma/protocol';
import type { JsonObject, JsonValue, RoomVersion } from '@soma/protocol';

import { testEngines } from '../../../../../tests/harness/engines.ts';
import type { TestDatabase } from '../../../../../tests/harness/engines.ts';
import { valueAt } from '../../../../../tests/harness/json-path.ts';
import { newSigningKey } from '../../../../../tests/harness/signing-key.ts';
import type { TestSigningKey } from '../../../../../tests/harness/signing-key.ts';
import type { TrustedKeyServer } from '../../config/config.ts';
import { configFrom } from '../../config/parse-config.ts';
import { generateSigningKeyLine } from '../../config/signing-key.ts';
import { openDatabaseUnderTest } from '../../storage/database-under-test.ts';
import type { Database } from '../../storage/database.ts';
import type { FederationRequest } from '../federation-client.ts';
import { FederationError } from '../federation-error.ts';
import { KeyRing } from './key-ring.ts';
import type { KeyUse } from './key-ring.ts';
import { Notary } from './notary.ts';
import { ownKeys } from './own-keys.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const request: KeyUse = { kind: 'request' };

/** What servers answer about keys; undefined for one that does not answer. */
type Answers = (request: FederationRequest) => JsonValue | undefined;

interface Published {
  readonly serverName: string;
  readonly current: TestSigningKey;
  readonly old?: TestSigningKey;
  readonly expiredTs?: number;
  readonly validUntilTs: number;
}

function publish({ serverName, current, old, expiredTs = 0, validUntilTs }: Published): JsonObject {
  const document: JsonObject = {
    server_name: serverName,
    verify_keys: { [current.keyId]: { key: current.publicKey } },
    old_verify_keys:
      old === undefined ? {} : { [old.keyId]: { key: old.publicKey, expired_ts: expiredTs } },
    valid_until_ts: validUntilTs,
  };
  return signJson(document, { serverName, ...current });
}

function version(id: string): RoomVersion {
  const found = roomVersion(id);
  assert.ok(found !== undefined);
  return found;
}

for (const engine of testEngines()) {
  describe(`key ring (${engine.name})`, () => {
    let made: TestDatabase;
    let database: Database;
    let servers = 0;
    const clock = { nowMs: 1_700_000_000_000 };
    const { config } = configFrom({
      server_name: 'own.test',
      signing_key: generateSigningKeyLine(),
    });
    const own = ownKeys('own.test', config.signingKeys, () => clock.nowMs);

    before(async () => {
      made = await engine.createDatabase();
      database = await openDatabaseUnderTest(made.config);
    });
    after(async () => {
      await database.close();
      await made.drop();
    });

    const newName = (): string => `server${(servers += 1)}.test`;

    function open(answers: Answers, notaries: readonly TrustedKeyServer[] = []) {
      const asked: string[] = [];
      const keyRing = new KeyRing({
        own,
        client: {
          requestJson: async (sent) => {
            asked.push(sent.destination);
            const answer = answers(sent);
            if (answer !== undefined) return answer;
            throw new FederationError('unreachable', sent.destination, 'nobody there');
          },
        },
        notaries,
        database,
        now: () => clock.nowMs,
        reportFailure: () => {},
      });
      return { keyRing, asked };
    }

    const has = async (keyRing: KeyRing, name: string, keyId: string, use: KeyUse) =>
      (await keyRing.keysFor(name, [keyId], use)).has(keyId);

    test('a key is asked for once, by many at a time, and survives a restart', async () => {
      const serverName = newName();
      const current = newSigningKey('a');
      const validUntilTs = clock.nowMs + dayMs;
      const { keyRing, asked } = open(() => publish({ serverName, current, validUntilTs }));
      const all = await Promise.all(
        Array.from({ length: 10 }, () => has(keyRing, serverName, current.keyId, request)),
      );
      assert.ok(all.every(Boolean));
      assert.deepEqual(asked, [serverName]);
      const restarted = open(() => undefined);
      assert.ok(await has(restarted.keyRing, serverName, current.keyId, request));
      assert.deepEqual(restarted.asked, []);
    });

    test('signatures are verified with the key of their server alone', async () => {
      const [serverName, other] = [newName(), newName()];
      const current = newSigningKey('a');
      const validUntilTs = clock.nowMs + dayMs;
      const { keyRing } = open(({ destination }) =>
        destination === serverName ? publish({ serverName, current, validUntilTs }) : undefined,
      );
      const signed = signJson({ content: 1 }, { serverName, ...current });
      const forged = signJson({ content: 1 }, { serverName: other, ...current });
      const verify = (object: typeof signed, name: string) =>
        keyRing.verify(object.signatures, signedText(object), name, request);
      assert.equal((await verify(signed, serverName)).valid, true);
      assert.equal((await verify({ ...signed, content: 2 }, serverName)).valid, false);
      assert.equal((await verify(forged, other)).valid, false);
      assert.equal((await verify(signed, other)).valid, false);
      const mine = signJson(
        { content: 1 },
        { serverName: 'own.test', ...config.signingKeys.current },
      );
      assert.equal((await verify(mine, 'own.test')).valid, true);
    });

    test('room versions from 5 on believe a key until its validity ends, older ones always', async () => {
      const serverName = newName();
      const [current, old] = [newSigningKey('a'), newSigningKey('b')];
      const validUntilTs = clock.nowMs + hourMs;
      const expiredTs = clock.nowMs - dayMs;
      const document = publish({ serverName, current, old, expiredTs, validUntilTs });
      const { keyRing } = open(() => document);
      const at = (originServerTs: number, id: string): KeyUse => ({
        kind: 'event',
        originServerTs,
        version: version(id),
      });
      for (const [key, use, expected] of [
        [current, request, true],
        [old, request, false],
        [current, at(validUntilTs, '5'), true],
        [current, at(validUntilTs + 1, '5'), false],
        [current, at(validUntilTs + 1, '12'), false],
        [current, at(validUntilTs + 1, '4'), true],
        [old, at(expiredTs, '5'), true],
        [old, at(expiredTs + 1, '5'), false],
        [old, at(expiredTs + 1, '4'), true],
      ] as const) {
        const shown = `${key.keyId} ${JSON.stringify(use)}`;
        assert.equal(await has(keyRing, serverName, key.keyId, use), expected, shown);
      }
    });

    test('no key is valid for more than seven days after it was asked for', async () => {
      const serverName = newName();
      const current = newSigningKey('a');
      const far = publish({ serverName, current, validUntilTs: clock.nowMs + 365 * dayMs });
      let answer: JsonValue | undefined = far;
      const { keyRing, asked } = open(() => answer);
      assert.ok(await has(keyRing, serverName, current.keyId, request));
      clock.nowMs += 7 * dayMs;
      assert.ok(await has(keyRing, serverName, current.keyId, request));
      assert.equal(asked.length, 1);
      answer = undefined;
      clock.nowMs += 1;
      assert.equal(await has(keyRing, serverName, current.keyId, request), false);
      assert.equal(asked.length, 2);
    });

    test('a server that fails, or lacks the key, is not asked again at once', async () => {
      const serverName = newName();
      const current = newSigningKey('a');
      let isUp = false;
      const { keyRing, asked } = open(() =>
        isUp ? publish({ serverName, current, validUntilTs: clock.nowMs + dayMs }) : undefined,
      );
      const askedAtSeconds: number[] = [];
      const startMs = clock.nowMs;
      for (let second = 0; second < 3_600; second += 10) {
        clock.nowMs = startMs + second * 1000;
        const askedBefore = asked.length;
        await has(keyRing, serverName, 'ed25519:a', request);
        if (asked.length > askedBefore) askedAtSeconds.push(second);
      }
      assert.deepEqual(askedAtSeconds, [0, 20, 60, 140, 300, 620, 1220, 1820, 2420, 3020]);
      keyRing.forgetFailures(serverName);
      isUp = true;
      assert.ok(await has(keyRing, serverName, current.keyId, request));
      const askedBefore = asked.length;
      for (let count = 0; count < 5; count += 1) {
        assert.equal(await has(keyRing, serverName, 'ed25519:guessed', request), false);
      }
      assert.equal(asked.length, askedBefore);
    });

    test('a notary is asked after the server, and must have signed if its key is known', async () => {
      const serverName = newName();
      const [current, notaryKey] = [newSigningKey('a'), newSigningKey('notary')];
      const document = publish({ serverName, current, validUntilTs: clock.nowMs + dayMs });
      const notary = {
        serverName: 'notary.test',
        verifyKeys: { [notaryKey.keyId]: notaryKey.publicKey },
        acceptKeysInsecurely: false,
      };
      const witnessed = signJson(document, { serverName: 'notary.test', ...notaryKey });
      const attempt = async (documents: JsonValue[], trusted: TrustedKeyServer) => {
        const answers: Answers = ({ destination }) =>
          destination === 'notary.test' ? { server_keys: documents } : undefined;
        const { keyRing, asked } = open(answers, [trusted]);
        const found = await has(keyRing, serverName, current.keyId, request);
        assert.deepEqual(asked, [serverName, 'notary.test']);
        return found;
      };
      assert.equal(await attempt([], notary), false);
      assert.equal(await attempt([document], notary), false, 'not signed by the notary');
      const other = publish({
        serverName: 'other.test',
        current,
        validUntilTs: clock.nowMs + dayMs,
      });
      const aboutOther = signJson(other, { serverName: 'notary.test', ...notaryKey });
      assert.equal(await attempt([aboutOther], notary), false, 'of another server');
      const tampered = signJson(
        { ...document, valid_until_ts: clock.nowMs + 2 * dayMs },
        { serverName: 'notary.test', ...notaryKey },
      );
      assert.equal(await attempt([tampered], notary), false, 'not signed by its server');
      assert.equal(await attempt([aboutOther, witnessed], notary), true);
    });

    test('a notary without a known key is believed by its certificate', async () => {
      const serverName = newName();
      const current = newSigningKey('a');
      const document = publish({ serverName, current, validUntilTs: clock.nowMs + dayMs });
      const notary = { serverName: 'n.test', verifyKeys: undefined, acceptKeysInsecurely: false };
      const answers: Answers = ({ destination }) =>
        destination === 'n.test' ? { server_keys: [document] } : undefined;
      const { keyRing } = open(answers, [notary]);
      assert.ok(await has(keyRing, serverName, current.keyId, request));
    });

    test('what a notary says does not replace newer knowledge', async () => {
      const serverName = newName();
      const current = newSigningKey('a');
      const newer = publish({ serverName, current, validUntilTs: clock.nowMs + dayMs });
      const older = publish({ serverName, current, validUntilTs: clock.nowMs + hourMs });
      let isUp = true;
      const notary = { serverName: 'n.test', verifyKeys: undefined, acceptKeysInsecurely: false };
      const answers: Answers = ({ destination }) => {
        if (destination === 'n.test') return { server_keys: [older] };
        return isUp ? newer : undefined;
      };
      const { keyRing } = open(answers, [notary]);
      assert.ok(await has(keyRing, serverName, current.keyId, request));
      isUp = false;
      clock.nowMs += hourMs;
      await has(keyRing, serverName, 'ed25519:other', request);
      const use: KeyUse = {
        kind: 'event',
        originServerTs: clock.nowMs + hourMs,
        version: version('12'),
      };
      assert.ok(await has(keyRing, serverName, current.keyId, use));
    });

    test('keys for many signatures come from a notary together, the others from their servers', async () => {
      const notary = { serverName: 'n.test', verifyKeys: undefined, acceptKeysInsecurely: false };
      const current = newSigningKey('a');
      const names = Array.from({ length: 150 }, newName);
      const validUntilTs = clock.nowMs + dayMs;
      const keysOf = (serverName: string) => publish({ serverName, current, validUntilTs });
      const [unknownToNotary = '', silent = ''] = names;
      const { keyRing, asked } = open(
        ({ destination, body }) => {
          if (destination === silent) return undefined;
          if (destination !== 'n.test') return keysOf(destination);
          const wanted = Object.keys(
            isJsonObject(body?.['server_keys']) ? body['server_keys'] : {},
          );
          const known = wanted.filter((name) => name !== unknownToNotary && name !== silent);
          // A notary may send more than it was asked for.
          return { server_keys: [...known, 'other.test'].map(keysOf) };
        },
        [notary],
      );
      await keyRing.prepare(
        names.map((serverName) => ({ serverName, keyIds: [current.keyId], use: request })),
      );
      // Two requests to the notary for all; then the two that it did not know, the silent one through the notary again.
      assert.deepEqual(
        asked.toSorted(compareCodePoints),
        ['n.test', 'n.test', 'n.test', silent, unknownToNotary].toSorted(compareCodePoints),
      );
      const askedBefore = asked.length;
      for (const name of names.slice(2))
        assert.ok(await has(keyRing, name, current.keyId, request));
      assert.ok(await has(keyRing, unknownToNotary, current.keyId, request));
      assert.equal(await has(keyRing, silent, current.keyId, request), false);
      assert.equal(asked.length, askedBefore);
    });

    test('as a notary this server asks again only for what it does not know', async () => {
      const serverName = newName();
      const current = newSigningKey('a');
      const validUntilTs = clock.nowMs + dayMs;
      const { keyRing, asked } = open(() => publish({ serverName, current, validUntilTs }));
      const notary = new Notary({ own, keyRing, database, now: () => clock.nowMs });
      const query = (criteria: readonly (readonly [string, number])[]) =>
        notary.query(serverName, { criteria: new Map(criteria), validUntilTs: clock.nowMs });
      assert.equal((await query([])).length, 1);
      assert.equal((await query([[current.keyId, validUntilTs]])).length, 1);
      assert.equal(asked.length, 1);
      clock.nowMs += hourMs;
      assert.equal((await query([[current.keyId, validUntilTs + 1]])).length, 1);
      assert.equal(asked.length, 2);
    });

    test('a notary asks again after half of the lifetime, and keeps what it has', async () => {
      const serverName = newName();
      const current = newSigningKey('a');
      let validityMs: number | undefined = dayMs;
      const { keyRing, asked } = open(() => {
        if (validityMs === undefined) return undefined;
        return publish({ serverName, current, validUntilTs: clock.nowMs + validityMs });
      });
      const notary = new Notary({ own, keyRing, database, now: () => clock.nowMs });
      const query = async (...keyIds: readonly string[]): Promise<JsonValue | undefined> => {
        const criteria = new Map(keyIds.map((keyId) => [keyId, clock.nowMs]));
        const [document] = await notary.query(serverName, { criteria, validUntilTs: clock.nowMs });
        return document?.['valid_until_ts'];
      };
      const first = await query();
      clock.nowMs += dayMs / 2 - 1;
      assert.equal(await query(), first);
      assert.equal(await query(current.keyId), first);
      assert.equal(asked.length, 1);
      clock.nowMs += 1;
      assert.equal(await query(), clock.nowMs + dayMs);
      clock.nowMs += dayMs / 2;
      const third = await query(current.keyId);
      assert.equal(third, clock.nowMs + dayMs);
      assert.equal(asked.length, 3);
      validityMs = undefined;
      clock.nowMs += 30 * dayMs;
      assert.equal(await query(), third, 'a server that is gone');
      assert.equal(asked.length, 4);
    });

    test('a notary is told until when keys should be valid', async () => {
      const notary = { serverName: 'n.test', verifyKeys: undefined, acceptKeysInsecurely: false };
      const minimumOf = async (use: KeyUse): Promise<unknown> => {
        const serverName = newName();
        let minimum: JsonValue | undefined;
        const { keyRing } = open(
          ({ destination, body }) => {
            if (destination === 'n.test') minimum = body;
            return undefined;
          },
          [notary],
        );
        await has(keyRing, serverName, 'ed25519:a', use);
        return valueAt(minimum, 'server_keys', serverName, 'ed25519:a', 'minimum_valid_until_ts');
      };
      const originServerTs = clock.nowMs - hourMs;
      assert.equal(await minimumOf(request), clock.nowMs);
      const event = { kind: 'event', originServerTs } as const;
      assert.equal(await minimumOf({ ...event, version: version('5') }), originServerTs);
      // Versions before do not care.
      assert.equal(await minimumOf({ ...event, version: version('4') }), 0);
    });
  });
}
