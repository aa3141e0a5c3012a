import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import {
  anyVersion,
  hostileContent,
  hostileEvent,
  hostileJsonText,
  hostilePdu,
  hostileValue,
} from '../testing/hostile-arbitrary.ts';
import { nodeCrypto, nodeVerify } from '../testing/node-crypto.ts';
import {
  authEventIds,
  authEventKeys,
  authorise,
  buildEvent,
  canonicalJson,
  checkCanonicalJson,
  checkLaxJson,
  compareCodePoints,
  contentHash,
  contentHashMatches,
  creatorsOf,
  decodeBase64,
  eventIdOf,
  mayRedact,
  parseJson,
  parsePdu,
  parsePduText,
  powerLevels,
  prevEventIds,
  redactClientEvent,
  redactContent,
  redactPdu,
  redactedEventOf,
  referenceText,
  referenceTo,
  requiredSigners,
  roomVersion,
  signJson,
  verifyJson,
} from './index.ts';
import type { JsonValue, RoomVersion } from './index.ts';

const crypto = nodeCrypto('example.org', 'ed25519:1');
const runs = { numRuns: 300 };

function isAccepted(value: JsonValue, version: RoomVersion): boolean {
  const fault = version.strictCanonicalJson ? checkCanonicalJson(value) : checkLaxJson(value);
  return fault === undefined;
}

test('whatever the text, parsing answers, and what it accepts can be written again', () => {
  fc.assert(
    fc.property(hostileJsonText, anyVersion, (text, version) => {
      const parsed = parseJson(text, version);
      if (!parsed.ok) return assert.equal(parsed.problem.errcode, 'M_BAD_JSON');
      const written = canonicalJson(parsed.exact);
      const again = parseJson(written, version);
      assert.ok(again.ok);
      assert.equal(canonicalJson(again.exact), written);
      parsePduText(text, version);
    }),
    { numRuns: 1_000 },
  );
});

test('whatever the value, checking answers, and what is accepted has one canonical text', () => {
  fc.assert(
    fc.property(hostileValue, anyVersion, (value, version) => {
      if (!isAccepted(value, version)) return;
      const written = canonicalJson(value);
      const again: JsonValue = JSON.parse(written);
      assert.equal(canonicalJson(again), written);
    }),
    runs,
  );
});

test('whatever a PDU holds, it is refused with a problem or can be hashed, redacted and verified', () => {
  fc.assert(
    fc.property(hostilePdu, anyVersion, (value, version) => {
      const parsed = parsePdu(value, version);
      if (!parsed.ok) {
        return assert.ok(['M_BAD_JSON', 'M_TOO_LARGE'].includes(parsed.problem.errcode));
      }
      const { pdu } = parsed;
      eventIdOf(pdu, version, crypto);
      referenceTo(pdu, '$a', version, crypto);
      prevEventIds(pdu);
      authEventIds(pdu);
      contentHashMatches(pdu, crypto);
      requiredSigners(pdu, version);
      redactedEventOf(pdu, version);
      assert.equal(referenceText(redactPdu(pdu, version), version), referenceText(pdu, version));
    }),
    runs,
  );
});

test('whatever an object holds that was checked, it can be hashed, signed, redacted and verified', () => {
  fc.assert(
    fc.property(hostilePdu, anyVersion, (object, version) => {
      if (!isAccepted(object, version)) return;
      contentHash(object, crypto);
      contentHashMatches(object, crypto);
      redactClientEvent(object, version);
      referenceText(object, version);
      const keys = () => crypto.publicKey;
      assert.ok(verifyJson(signJson(object, crypto), 'example.org', keys, nodeVerify).valid);
      verifyJson(object, '__proto__', keys, nodeVerify);
    }),
    runs,
  );
});

test('whatever event meets whatever state, a rule of the version decides', () => {
  fc.assert(
    fc.property(
      hostileEvent,
      fc.array(hostileEvent, { maxLength: 8 }),
      anyVersion,
      fc.boolean(),
      (event, state, version, listsThem) => {
        const verdict = authorise(
          event,
          {
            get: (type, key) => state.find((each) => each.type === type && each.state_key === key),
          },
          version,
          {
            verify: nodeVerify,
            signedBy: (server) => server === 'example.org',
            ...(listsThem ? { authEvents: state } : {}),
          },
        );
        assert.match(verdict.rule, /^[0-9]+(\.[0-9]+)*$/);
        const keys = authEventKeys(event, version);
        assert.ok(keys.length <= 6);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('whatever power levels say, every level is a number', () => {
  fc.assert(
    fc.property(hostileContent, hostileContent, anyVersion, (levels, create, version) => {
      const created = { sender: '@alice:example.org', content: create };
      const read = powerLevels(levels, created, version);
      for (const level of [
        read.userLevel('@alice:example.org'),
        read.userLevel('__proto__'),
        read.eventLevel('constructor', true),
        read.notificationLevel('room'),
        read.ban,
        read.invite,
      ]) {
        assert.ok(!Number.isNaN(level));
      }
      assert.ok(creatorsOf(created, version).every((userId) => typeof userId === 'string'));
      mayRedact('@a:b', 'c', read);
    }),
    runs,
  );
});

test('whatever is to be built, an event or a problem comes of it', () => {
  fc.assert(
    fc.property(hostileEvent, hostileValue, anyVersion, (event, unsigned, version) => {
      const { eventId: _eventId, rejected: _rejected, redacts, ...fields } = event;
      const built = buildEvent(
        {
          ...fields,
          roomVersion: version,
          auth_events: [],
          depth: 1,
          origin_server_ts: 0,
          ...(typeof redacts === 'string' ? { redacts } : {}),
          unsigned: { unsigned },
          newOpaqueId: () => 'a',
        },
        crypto,
      );
      if (built.ok) assert.deepEqual(JSON.parse(built.json).depth, 1);
      else assert.match(built.problem.errcode, /^M_(BAD_JSON|TOO_LARGE)$/);
    }),
    runs,
  );
});

test('whatever the text, the small functions answer', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('__proto__', '=', '===='));
  fc.assert(
    fc.property(text, text, hostileContent, anyVersion, (a, b, content, version) => {
      assert.equal(Math.sign(compareCodePoints(a, b)), -Math.sign(compareCodePoints(b, a)) + 0);
      decodeBase64(a);
      roomVersion(a);
      redactContent(a, content, version);
    }),
    runs,
  );
});

test('values that are no JSON are refused, however they are made', () => {
  const circular: unknown[] = [];
  circular.push(circular);
  for (const value of [undefined, () => 1, Symbol('x'), 1n, circular, { a: { b: undefined } }]) {
    assert.equal(checkCanonicalJson(value)?.errcode, 'M_BAD_JSON');
    assert.equal(checkLaxJson(value)?.errcode, 'M_BAD_JSON');
  }
});
