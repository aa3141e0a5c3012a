import assert from 'node:assert/strict';
import { test } from 'node:test';

import { knownVersion } from '../../testing/room-versions.ts';
import { canonicalJson } from '../canonical-json.ts';
import type { JsonObject } from '../canonical-json.ts';
import { parsePdu, parsePduText } from './parse-pdu.ts';
import { requiredSigners } from './signers.ts';

const v11 = knownVersion('11');
const v12 = knownVersion('12');
const pdu: JsonObject = {
  type: 'm.room.message',
  sender: '@alice:example.org',
  room_id: '!room:example.org',
  content: { body: 'x' },
  auth_events: ['$a'],
  prev_events: ['$b'],
  depth: 3,
  origin_server_ts: 5,
  hashes: { sha256: 'h' },
  signatures: { 'example.org': { 'ed25519:1': 's' } },
};

test('a PDU is returned as it came, with its canonical text', () => {
  const extended = { ...pdu, origin: 'example.org', state_key: 'k' };
  const parsed = parsePdu(extended, v11);
  assert.ok(parsed.ok);
  assert.equal(parsed.pdu, extended);
  assert.ok(parsed.json.startsWith('{"auth_events":["$a"],"content":{"body":"x"},"depth":3'));
});

const UNSIGNED: Record<string, string> = {
  'an age': '{"age":1}',
  'a fraction': '{"a":[{"b":0.5},1e3]}',
  'a number beyond all ranges': '{"a":1e999,"b":-0}',
  'half a character': String.raw`{"a":"\ud800","\udc00":1}`,
  'brackets in strings': String.raw`{"a]":"}\"}{[","b":1.0}`,
  'another kind of value': 'null',
  'a number': '1.5',
  'deep nesting': `${'[{"a":'.repeat(50_000)}0.5${'}]'.repeat(50_000)}`,
  'more than an event may hold': JSON.stringify('x'.repeat(70_000)),
};

// It is neither hashed nor signed, and any server may change it.
for (const [what, unsigned] of Object.entries(UNSIGNED)) {
  test(`nothing depends on unsigned: ${what}`, () => {
    const plain = parsePdu(pdu, v11);
    assert.ok(plain.ok);
    const begin = `{"unsigned":${unsigned},`;
    const inside = `{"content":{"unsigned":1.5},`;
    const rest = JSON.stringify(pdu).slice(1);
    assert.deepEqual(parsePduText(begin + rest, v11), plain);
    assert.deepEqual(parsePduText(`{${rest.slice(0, -1)}, "unsigned" : ${unsigned} }`, v11), plain);
    assert.deepEqual(parsePdu(JSON.parse(begin + rest), v11), plain);
    const { content: _content, ...others } = pdu;
    assert.ok(!parsePduText(inside + JSON.stringify(others).slice(1), v11).ok);
    const exact = parsePduText(`{"depth":1.0,${begin.slice(1)}${rest}`, knownVersion('5'));
    assert.deepEqual(exact, plain);
  });
}

test('a float beside unsigned is kept as it is written', () => {
  const { content: _content, ...others } = pdu;
  const text = `{"content":{"a":1.0},"unsigned":{"a":1.0},${JSON.stringify(others).slice(1)}`;
  assert.ok(!parsePduText(text, v11).ok);
  const parsed = parsePduText(text, knownVersion('5'));
  assert.ok(parsed.ok);
  assert.ok(parsed.json.includes('"content":{"a":1.0}'));
  assert.ok(!parsed.json.includes('unsigned'));
});

const MALFORMED: Record<string, JsonObject> = {
  'a type that is no text': { type: 1 },
  'a sender that is no user ID': { sender: 'alice' },
  'a state key that is no text': { state_key: null },
  'content that is no object': { content: [] },
  'a time that is a text': { origin_server_ts: '5' },
  'a fractional depth': { depth: 1.5 },
  'a negative depth': { depth: -1 },
  'a depth above the limit': { depth: 2 ** 53 },
  'prev events that are pairs': { prev_events: [['$a', {}]] },
  'prev events that are no list': { prev_events: {} },
  'too many prev events': { prev_events: Array(21).fill('$b') },
  'too many auth events': { auth_events: Array(11).fill('$b') },
  'no content hash': { hashes: {} },
  'a hash that is no text': { hashes: { sha256: 1 } },
  'signatures that are no objects': { signatures: { a: 'b' } },
  'signatures that are no texts': { signatures: { a: { b: 1 } } },
  'a room ID that is none': { room_id: 'room' },
  'a fraction deep inside': { content: { a: [{ b: 0.5 }] } },
};

for (const [what, fields] of Object.entries(MALFORMED)) {
  test(`refuses ${what}`, () => {
    const parsed = parsePdu({ ...pdu, ...fields }, v11);
    assert.ok(!parsed.ok);
    assert.equal(parsed.problem.errcode, 'M_BAD_JSON');
  });
}

for (const field of Object.keys(pdu)) {
  test(`refuses a PDU without ${field}`, () => {
    const { [field]: _left, ...rest } = pdu;
    assert.ok(!parsePdu(rest, v11).ok);
  });
}

test('what is no object is refused without an exception', () => {
  for (const value of [undefined, null, 1, 'x', [], () => 1]) assert.ok(!parsePdu(value, v11).ok);
});

test('size is limited', () => {
  const parsed = parsePdu({ ...pdu, content: { body: 'é'.repeat(32_768) } }, v11);
  assert.ok(!parsed.ok);
  assert.equal(parsed.problem.errcode, 'M_TOO_LARGE');
});

test('an event of the past may refer to any number of others', () => {
  const many = { ...pdu, prev_events: Array(21).fill('$b'), auth_events: Array(11).fill('$b') };
  assert.ok(parsePdu(many, v11, 'unlimited').ok);
  assert.ok(parsePduText(JSON.stringify(many), v11, 'unlimited').ok);
  assert.ok(!parsePduText(JSON.stringify(many), v11).ok);
  const long = { ...pdu, prev_events: [`$${'b'.repeat(255)}`] };
  assert.ok(!parsePdu(long, v11, 'unlimited').ok);
});

test('only the create event of version 12 may lack a room ID', () => {
  const { room_id: _roomId, ...roomless } = pdu;
  const create = { ...roomless, type: 'm.room.create', state_key: '' };
  assert.ok(parsePdu(create, v12).ok);
  assert.ok(!parsePdu(create, v11).ok);
  assert.ok(!parsePdu(roomless, v12).ok);
});

test('version 5 takes what version 6 refuses', () => {
  const odd = { ...pdu, content: { level: 1.5 }, depth: 2 ** 60 };
  assert.ok(parsePdu(odd, knownVersion('5')).ok);
  assert.ok(!parsePdu(odd, knownVersion('6')).ok);
});

const oldPdu: JsonObject = {
  ...pdu,
  event_id: '$a:example.org',
  prev_events: [['$b:example.org', { sha256: 'x' }]],
  auth_events: [],
};

test('versions 1 and 2 have an event ID and pairs', () => {
  for (const version of [knownVersion('1'), knownVersion('2')]) {
    assert.ok(parsePdu(oldPdu, version).ok);
    const { event_id: _eventId, ...nameless } = oldPdu;
    assert.ok(!parsePdu(nameless, version).ok);
    for (const changes of [
      { event_id: '$a' },
      { event_id: '$a:' },
      { event_id: 'a:example.org' },
      { prev_events: ['$b:example.org'] },
      { prev_events: [['$b:example.org']] },
      { prev_events: [['b', {}]] },
      { prev_events: [['$b:example.org', { sha256: 1 }]] },
      { auth_events: [[{ sha256: 'x' }, '$b:example.org']] },
    ]) {
      const parsed = parsePdu({ ...oldPdu, ...changes }, version);
      assert.ok(!parsed.ok, JSON.stringify(changes));
      assert.equal(parsed.problem.errcode, 'M_BAD_JSON');
    }
  }
});

test('numbers count as they are written', () => {
  const text = (content: string) => JSON.stringify(pdu).replace('{"body":"x"}', content);
  const [v5, v6] = [knownVersion('5'), knownVersion('6')];
  for (const content of ['{"n":1.0}', '{"n":1e3}', '{"n":-0}', '{"n":9007199254740992}']) {
    const refused = parsePduText(text(content), v6);
    assert.ok(!refused.ok, content);
    assert.equal(refused.problem.errcode, 'M_BAD_JSON');
    assert.ok(parsePduText(text(content), v5).ok, content);
  }
  const parsed = parsePduText(text('{"n":1e3}'), v5);
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.pdu.content, { n: 1000 });
  assert.match(parsed.json, /"content":\{"n":1000\.0\}/);
  assert.equal(canonicalJson(parsed.exact), parsed.json);
  assert.ok(!parsePduText('{', v5).ok);
});

test('the greatest depth of versions 1 to 5 is 2^63-1', () => {
  const at = (depth: string) =>
    parsePduText(JSON.stringify(pdu).replace('"depth":3', `"depth":${depth}`), knownVersion('5'));
  assert.ok(at('9223372036854775807').ok);
  assert.ok(!at('9223372036854775808').ok);
  // As JavaScript writes 2^63.
  assert.ok(!at('9223372036854776000').ok);
  assert.ok(!at('1e400').ok);
});

const SIGNERS: Record<string, readonly [JsonObject, version: string, signers: string[]]> = {
  'of a message': [{}, '11', ['example.org']],
  'of an invite': [
    { type: 'm.room.member', content: { membership: 'invite' } },
    '11',
    ['example.org'],
  ],
  'of a third-party invite': [
    { type: 'm.room.member', content: { membership: 'invite', third_party_invite: {} } },
    '11',
    [],
  ],
  'of a restricted join': [
    {
      type: 'm.room.member',
      content: { membership: 'join', join_authorised_via_users_server: '@bob:other.org' },
    },
    '8',
    ['example.org', 'other.org'],
  ],
  'of a join where joins cannot be restricted': [
    {
      type: 'm.room.member',
      content: { membership: 'join', join_authorised_via_users_server: '@bob:other.org' },
    },
    '7',
    ['example.org'],
  ],
};

for (const [what, [fields, id, signers]] of Object.entries(SIGNERS)) {
  test(`the signers ${what}`, () => {
    const version = knownVersion(id);
    const parsed = parsePdu({ ...pdu, ...fields }, version);
    assert.ok(parsed.ok);
    assert.deepEqual(requiredSigners(parsed.pdu, version), signers);
  });
}
