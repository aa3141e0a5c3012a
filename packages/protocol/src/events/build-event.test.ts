import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { jsonObject } from '../../testing/json-arbitrary.ts';
import { nodeCrypto, nodeVerify } from '../../testing/node-crypto.ts';
import { knownVersion } from '../../testing/room-versions.ts';
import { canonicalJson } from '../canonical-json.ts';
import { supportedRoomVersions } from '../room-versions/room-version.ts';
import { buildEvent } from './build-event.ts';
import type { EventTemplate } from './build-event.ts';
import { createEventIdOf, eventIdOf } from './event-id.ts';
import { contentHashMatches, referenceText } from './hash.ts';
import { parsePdu, parsePduText } from './parse-pdu.ts';
import { redactPdu } from './redact.ts';
import { authEventIds, prevEventIds, referenceTo, referencedId } from './references.ts';
import { verifySignatures } from './sign.ts';
import type { EventReference } from './types.ts';

const crypto = nodeCrypto('example.org', 'ed25519:a_1');
const v1 = knownVersion('1');
const v12 = knownVersion('12');
const HASH = 'Rqnc-F-dvnEYJTyHq_iKxU2bZ1CI92-kuZq3a5lr5Zg';

const message: EventTemplate = {
  roomVersion: knownVersion('11'),
  type: 'm.room.message',
  sender: '@alice:example.org',
  room_id: '!room:example.org',
  content: { msgtype: 'm.text', body: 'hello' },
  prev_events: [`$${HASH}`],
  auth_events: [`$${HASH}`],
  depth: 7,
  origin_server_ts: 1_700_000_000_000,
};

const template = fc.record(
  {
    roomVersion: fc.constantFrom(...supportedRoomVersions().map(knownVersion)),
    type: fc.constantFrom(
      'm.room.message',
      'm.room.member',
      'm.room.create',
      'm.room.power_levels',
      'm.room.redaction',
      'a "type" of its own',
    ),
    state_key: fc.string({ unit: 'grapheme', maxLength: 20 }),
    sender: fc.constant('@alice:example.org'),
    content: jsonObject,
    prev_events: fc.array(fc.constant(`$${HASH}`), { maxLength: 3 }),
    auth_events: fc.array(fc.constant(`$${HASH}`), { maxLength: 3 }),
    depth: fc.nat(),
    origin_server_ts: fc.nat(),
    redacts: fc.constant('$redacted'),
    unsigned: jsonObject,
    newOpaqueId: fc.constant(() => 'opaque'),
  },
  {
    requiredKeys: [
      'roomVersion',
      'type',
      'sender',
      'content',
      'prev_events',
      'auth_events',
      'depth',
      'origin_server_ts',
      'newOpaqueId',
    ],
  },
);

// References in the form of the room version.
function inFormOf({ roomVersion }: EventTemplate, references: readonly EventReference[]) {
  if (roomVersion.eventReferences === 'ids') return references;
  return references.map((id): EventReference => [`${referencedId(id)}:b`, { sha256: HASH }]);
}

test('every built event is what the slow way makes of it', () => {
  fc.assert(
    fc.property(template, (drawn) => {
      const fields = {
        ...drawn,
        prev_events: inFormOf(drawn, drawn.prev_events),
        auth_events: inFormOf(drawn, drawn.auth_events),
      };
      const isRoot =
        fields.roomVersion.roomId === 'create-event' && fields.type === 'm.room.create';
      const built = buildEvent(
        isRoot ? fields : { ...fields, room_id: '!room:example.org' },
        crypto,
      );
      assert.ok(built.ok);
      const { pdu, json, eventId } = built;
      const { roomVersion: version } = fields;
      assert.equal(json, canonicalJson(pdu));
      assert.equal(eventId, eventIdOf(pdu, version, crypto));
      assert.equal(eventId, eventIdOf(redactPdu(pdu, version), version, crypto));
      assert.ok(contentHashMatches(pdu, crypto));
      assert.ok(
        verifySignatures(
          pdu.signatures,
          referenceText(pdu, version),
          'example.org',
          () => crypto.publicKey,
          nodeVerify,
        ).valid,
      );
      const parsed = parsePdu(JSON.parse(json), version);
      assert.ok(parsed.ok);
      const { unsigned: _unsigned, ...signed } = pdu;
      assert.equal(parsed.json, canonicalJson(signed));
      assert.deepEqual(parsePduText(json, version), parsed);
      assert.deepEqual(built.reference, referenceTo(pdu, eventId, version, crypto));
      assert.equal(built.roomId, isRoot ? `!${eventId.slice(1)}` : '!room:example.org');
    }),
    { numRuns: 150 },
  );
});

test('a fixed event has a fixed ID in each form of IDs', () => {
  const idIn = (id: string) => {
    const built = buildEvent({ ...message, roomVersion: knownVersion(id) }, crypto);
    assert.ok(built.ok);
    return built.eventId;
  };
  assert.match(idIn('3'), /^\$[A-Za-z0-9+/]{43}$/);
  assert.match(idIn('4'), /^\$[A-Za-z0-9_-]{43}$/);
  assert.equal(idIn('3').replaceAll('+', '-').replaceAll('/', '_'), idIn('4'));
  assert.equal(idIn('11'), idIn('10'), 'redaction of a message without old keys did not change');
});

test('redacts goes where the room version wants it', () => {
  const redaction = { ...message, type: 'm.room.redaction', content: { reason: 'x' } };
  const old = buildEvent({ ...redaction, roomVersion: knownVersion('10'), redacts: '$e' }, crypto);
  assert.ok(old.ok);
  assert.equal(old.pdu.redacts, '$e');
  assert.deepEqual(old.pdu.content, { reason: 'x' });
  const current = buildEvent({ ...redaction, redacts: '$e' }, crypto);
  assert.ok(current.ok);
  assert.equal(current.pdu.redacts, undefined);
  assert.deepEqual(current.pdu.content, { reason: 'x', redacts: '$e' });
});

test('an event of version 1 or 2 is given its ID, and refers to others by their hashes', () => {
  for (const roomVersion of [v1, knownVersion('2')]) {
    const first = buildEvent(
      { ...message, prev_events: [], auth_events: [], roomVersion, newOpaqueId: () => '1' },
      crypto,
    );
    assert.ok(first.ok);
    assert.equal(first.eventId, '$1:example.org');
    assert.equal(first.pdu.event_id, first.eventId);
    const second = buildEvent(
      {
        ...message,
        roomVersion,
        prev_events: [first.reference],
        auth_events: [],
        newOpaqueId: () => '2',
      },
      crypto,
    );
    assert.ok(second.ok);
    const sha256 = crypto.sha256(referenceText(first.pdu, roomVersion)).replace('=', '');
    assert.deepEqual(second.pdu.prev_events, [['$1:example.org', { sha256 }]]);
    assert.deepEqual(prevEventIds(second.pdu), ['$1:example.org']);
    assert.deepEqual(authEventIds(second.pdu), []);
  }
});

test('a create event of version 12 names its room', () => {
  const { room_id: _roomId, ...root } = message;
  const built = buildEvent(
    { ...root, roomVersion: knownVersion('12'), type: 'm.room.create', state_key: '' },
    crypto,
  );
  assert.ok(built.ok);
  assert.equal(createEventIdOf(built.roomId), built.eventId);
  assert.ok(!('room_id' in built.pdu));
});

test('depth is capped', () => {
  const deep = { ...message, depth: 2 ** 53 };
  const built = buildEvent(deep, crypto);
  assert.ok(built.ok);
  assert.equal(built.pdu.depth, 2 ** 53 - 1);
  const lax = buildEvent({ ...message, depth: 2 ** 64, roomVersion: knownVersion('5') }, crypto);
  assert.ok(lax.ok);
  const written = /"depth":([0-9]+),/.exec(lax.json)?.[1] ?? '';
  assert.ok(BigInt(written) <= 2n ** 63n - 1n, written);
  assert.equal(lax.json, canonicalJson(JSON.parse(lax.json)));
});

const old = { prev_events: [], auth_events: [] };
const REFUSED: Record<string, readonly [Partial<EventTemplate>, errcode: string]> = {
  'a room ID on the create event of version 12': [
    { roomVersion: v12, type: 'm.room.create' },
    'M_BAD_JSON',
  ],
  'a fraction': [{ content: { a: 1.5 } }, 'M_BAD_JSON'],
  'a fraction in unsigned': [{ unsigned: { a: 1.5 } }, 'M_BAD_JSON'],
  'a lone surrogate': [{ content: { a: '\ud800' } }, 'M_BAD_JSON'],
  'a lone surrogate in the type': [{ type: '\ud800' }, 'M_BAD_JSON'],
  'a lone surrogate in the state key': [{ state_key: '\ud800' }, 'M_BAD_JSON'],
  'a negative depth': [{ depth: -1 }, 'M_BAD_JSON'],
  'a fractional time': [{ origin_server_ts: 0.5 }, 'M_BAD_JSON'],
  '21 prev events': [{ prev_events: Array(21).fill('$x') }, 'M_BAD_JSON'],
  '11 auth events': [{ auth_events: Array(11).fill('$x') }, 'M_BAD_JSON'],
  'a prev event of 256 bytes': [{ prev_events: [`$${'a'.repeat(255)}`] }, 'M_TOO_LARGE'],
  'a type of 256 bytes': [{ type: 'é'.repeat(128) }, 'M_TOO_LARGE'],
  'a state key of 256 bytes': [{ state_key: 'é'.repeat(128) }, 'M_TOO_LARGE'],
  'a sender of 256 bytes': [{ sender: `@${'a'.repeat(243)}:example.org` }, 'M_TOO_LARGE'],
  '65,537 bytes': [{ content: { body: 'x'.repeat(65_536) } }, 'M_TOO_LARGE'],
  'room version 1 without an opaque ID': [{ ...old, roomVersion: v1 }, 'M_MISSING_PARAM'],
  'an opaque ID with a NUL': [{ ...old, roomVersion: v1, newOpaqueId: () => '\0' }, 'M_BAD_JSON'],
  'an opaque ID of 256 bytes': [
    { ...old, roomVersion: v1, newOpaqueId: () => 'a'.repeat(256) },
    'M_BAD_JSON',
  ],
  'plain references in room version 1': [{ roomVersion: v1, newOpaqueId: () => 'a' }, 'M_BAD_JSON'],
  'pairs in room version 11': [{ auth_events: [['$x', { sha256: HASH }]] }, 'M_BAD_JSON'],
};

for (const [what, [fields, errcode]] of Object.entries(REFUSED)) {
  test(`refuses ${what}`, () => {
    const built = buildEvent({ ...message, ...fields }, crypto);
    assert.ok(!built.ok);
    assert.equal(built.problem.errcode, errcode);
  });
}

test('refuses an event without a room', () => {
  const { room_id: _roomId, ...rest } = message;
  for (const roomVersion of [v12, knownVersion('11')]) {
    const built = buildEvent({ ...rest, roomVersion }, crypto);
    assert.ok(!built.ok);
    assert.equal(built.problem.errcode, 'M_BAD_JSON');
  }
});

test('20 prev events and 10 auth events are allowed', () => {
  const most = { prev_events: Array(20).fill('$x'), auth_events: Array(10).fill('$x') };
  assert.ok(buildEvent({ ...message, ...most }, crypto).ok);
});

test('lax versions take fractions', () => {
  const built = buildEvent(
    { ...message, roomVersion: knownVersion('5'), content: { a: 1.5 } },
    crypto,
  );
  assert.ok(built.ok);
});

test('an event of exactly 65,536 bytes is allowed, in ASCII or not', () => {
  const empty = buildEvent({ ...message, content: { body: '' } }, crypto);
  assert.ok(empty.ok);
  const room = 65_536 - empty.json.length;
  for (const character of ['x', 'é', '日']) {
    const bytes = Buffer.byteLength(character);
    const body = character.repeat(Math.floor(room / bytes)) + 'x'.repeat(room % bytes);
    const fits = buildEvent({ ...message, content: { body } }, crypto);
    assert.ok(fits.ok);
    assert.equal(Buffer.byteLength(fits.json), 65_536);
    assert.ok(!buildEvent({ ...message, content: { body: `${body}x` } }, crypto).ok);
  }
});
