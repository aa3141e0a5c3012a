import assert from 'node:assert/strict';

import type { JsonObject, JsonValue } from '@soma/protocol';

import { checkDatabase } from '../harness/check-database.ts';
import { valueAt } from '../harness/json-path.ts';
import { federationTests } from './federation-test.ts';
import { HostileRoom, type Changes } from './hostile-room.ts';

const test = federationTests();

/** What an event departs from a good one by, given the room. */
type Attack = Changes | ((room: HostileRoom) => Changes);

const LONG = 'x'.repeat(300);
const message = (content: JsonObject): Changes => ({ content });

/** Events that are refused before they come near the room. */
const refused: Readonly<Record<string, Attack>> = {
  'is too large': message({ body: 'x'.repeat(66_000) }),
  'is nested too deeply': message({ body: nested(101) }),
  'has a fraction': message({ body: 1.5 }),
  'has too large a number': message({ body: 2 ** 60 }),
  'has no content': { content: undefined },
  'has a content that is a list': { content: [] },
  'has no type': { type: undefined },
  'has a number for a type': { type: 1 },
  'has too long a type': { type: LONG },
  'has too long a state key': { state_key: LONG },
  'has an object for a state key': { state_key: {} },
  'has too long a sender': ({ mallory: { peer } }) => ({ sender: `@${LONG}:${peer.serverName}` }),
  'has a sender that is no user': { sender: 'mallory' },
  'has no sender': { sender: undefined },
  'is of no room': { room_id: undefined },
  'is of a room that is a number': { room_id: 1 },
  'is below the ground': { depth: -1 },
  'is at a fraction of depth': { depth: 1.5 },
  'is too deep': { depth: 2 ** 53 },
  'is at a depth of text': { depth: '5' },
  'is of a time that is text': { origin_server_ts: 'now' },
  'is of a time for which its key is not good': { origin_server_ts: Number.MAX_SAFE_INTEGER },
  'has no prev events': { prev_events: undefined },
  'has prev events that are objects': { prev_events: [{}] },
  'has a prev event with too long an ID': { prev_events: [`$${LONG}`] },
  'has a prev event that is no ID': { prev_events: ['$a b\u0000'] },
  'has a thousand prev events': (room) => ({ prev_events: room.unknown(1_000) }),
  'has a thousand auth events': (room) => ({ auth_events: room.unknown(1_000) }),
  'has auth events that are no list': { auth_events: {} },
  'has a number for a hash': { hashes: { sha256: 5 } },
  'has hashes that are text': { hashes: 'sha256' },
  'has no hashes': { hashes: undefined },
  'has no signatures': { signatures: {} },
  'has signatures that are a list': { signatures: [] },
  'has a forged signature': ({ mallory: { peer } }) => ({
    signatures: { [peer.serverName]: { [peer.key.keyId]: 'A'.repeat(86) } },
  }),
  'has ten thousand signatures': ({ mallory: { peer } }) => ({
    signatures: Object.fromEntries(
      Array.from({ length: 10_000 }, (_, index) => [
        `${index}.${peer.serverName}`,
        { [peer.key.keyId]: 'A'.repeat(86) },
      ]),
    ),
  }),
  'is in the name of a user of another server': ({ carol }) => ({ sender: carol.userId }),
  "is in the name of this server's user": ({ alice }) => ({ sender: alice.userId }),
};

/** Events that are heard, and change nothing and are shown to nobody. */
const hidden: Readonly<Record<string, Attack>> = {
  'takes all power': ({ mallory }) => ({
    type: 'm.room.power_levels',
    state_key: '',
    content: { users: { [mallory.userId]: 100 } },
  }),
  'begins the room anew': ({ mallory }) => ({
    type: 'm.room.create',
    state_key: '',
    content: { room_version: '11', creator: mallory.userId },
  }),
  'is another beginning without a past': {
    type: 'm.room.create',
    state_key: '',
    content: { room_version: '11' },
    prev_events: [],
    auth_events: [],
  },
  'puts out the one who made the room': ({ alice }) => ({
    type: 'm.room.member',
    state_key: alice.userId,
    content: { membership: 'ban' },
  }),
  'joins somebody else': ({ mallory: { peer } }) => ({
    type: 'm.room.member',
    state_key: `@other:${peer.serverName}`,
    content: { membership: 'join' },
  }),
  'is of somebody who is not there': ({ mallory: { peer } }) => ({
    sender: `@nobody:${peer.serverName}`,
  }),
  'names no auth events': { auth_events: [] },
  'names an auth event twice': ({ template }) => {
    const events = template['auth_events'];
    assert.ok(Array.isArray(events));
    return { auth_events: [...events, ...events].slice(0, 10) };
  },
  'names the end of the room as an auth event': ({ template }) => {
    const [events, ends] = [template['auth_events'], template['prev_events']];
    assert.ok(Array.isArray(events) && Array.isArray(ends));
    return { type: 'm.room.topic', state_key: '', auth_events: [...ends, ...events.slice(0, 1)] };
  },
};

/** Events that are strange, and no more. */
const taken: Readonly<Record<string, Attack>> = {
  'has keys that are special elsewhere': message(
    JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":1},"toString":1}'),
  ),
  'has characters that databases fear': message({ body: 'a\u0000b\u001f\uFFFF\u{10FFFF}' }),
  'has such characters in its type': { type: 'org.example.\u0000' },
  'has an empty type': { type: '' },
  'is of the beginning of time': { origin_server_ts: 0 },
  'has a fraction where nothing is signed': { unsigned: { age: 0.5, 'org.example.kept': true } },
  'has no object where nothing is signed': { unsigned: null },
  'is deeper than it can be': { depth: Number.MAX_SAFE_INTEGER },
};

function nested(depth: number): JsonValue {
  return JSON.parse('['.repeat(depth) + ']'.repeat(depth));
}

function changesOf(attack: Attack, room: HostileRoom): Changes {
  return typeof attack === 'function' ? attack(room) : attack;
}

test('what is malformed or forged is refused, and what is not allowed changes nothing', async (given) => {
  const room = await HostileRoom.open(given, 'target');
  const before = await room.state();
  for (const [title, attack] of Object.entries(refused)) {
    const pdu = room.forge(changesOf(attack, room));
    const { status, body } = await room.send([pdu]);
    assert.equal(status, 200, `${title}: ${JSON.stringify(body)}`);
    const results = Object.values(Object(valueAt(body, 'pdus')));
    const isRefused = results.every((result) => valueAt(result, 'error') !== undefined);
    assert.ok(isRefused, `an event that ${title} was taken: ${JSON.stringify(body)}`);
  }
  const hiddenIds: string[] = [];
  for (const attack of Object.values(hidden)) {
    const { eventId, pdu } = room.make(changesOf(attack, room));
    assert.equal((await room.send([pdu])).status, 200);
    hiddenIds.push(eventId);
  }
  for (const [title, attack] of Object.entries(taken)) {
    const { eventId, pdu } = room.make(changesOf(attack, room));
    const { body } = await room.send([pdu]);
    assert.deepEqual(valueAt(body, 'pdus', eventId), {}, title);
    await room.untilSeen(eventId);
  }
  for (const [index, title] of Object.keys(hidden).entries()) {
    assert.ok(!(await room.has(hiddenIds[index] ?? '')), `an event that ${title} is shown`);
  }
  await room.assertUnharmed(before);
  await given.one.stop();
  await checkDatabase(given.one);
  await given.one.restart();
  await room.assertUnharmed(before);
});

/** Bodies of transactions, as they go over the line, and what they are answered with. */
const bodies: Readonly<Record<string, readonly [text: string, status: number]>> = {
  'breaks off': ['{"pdus":[', 400],
  'is nested without end': [`{"pdus":[],"edus":${'['.repeat(100_000)}`, 400],
  'is a list': ['[]', 401],
  'is larger than any': [`{"pdus":[],"filling":"${'x'.repeat(14_000_000)}"}`, 413],
  'has its events twice': ['{"pdus":[1],"pdus":[]}', 200],
  'has too many events, and none after all': [`{"pdus":[${'1,'.repeat(60)}1],"pdus":[]}`, 200],
  'has a number without end': [`{"pdus":[],"origin_server_ts":${'9'.repeat(400)}}`, 401],
  'has half a character': ['{"pdus":[],"edus":[{"edu_type":"\\ud800","content":{}}]}', 200],
  'has special names': ['{"__proto__":{"pdus":5},"constructor":1,"pdus":[]}', 200],
};

test('a transaction that is none is refused, and harms nobody', async (given) => {
  const room = await HostileRoom.open(given, 'burdened');
  const before = await room.state();
  const { peer } = room.mallory;
  for (const [title, [sentBody, status]] of Object.entries(bodies)) {
    const path = `/_matrix/federation/v1/send/${encodeURIComponent(title)}`;
    // Signed as what it means, where it means anything.
    const body = status === 200 ? { body: JSON.parse(sentBody) } : {};
    const answer = await peer.request(given.one.serverName, 'PUT', path, { ...body, sentBody });
    assert.equal(answer.status, status, `${title}: ${JSON.stringify(answer.body)}`);
  }
  await room.assertUnharmed(before);
});
