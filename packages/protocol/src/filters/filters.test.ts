import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { JsonObject } from '../canonical-json.ts';
import { parsePropertyPath, valueAt } from '../property-path.ts';
import { matchesEvent, matchesRoom } from './matches-event.ts';
import { parseRoomEventFilter, parseSyncFilter } from './parse-filter.ts';
import { selectFields } from './select-fields.ts';

test('an empty filter has the defaults', () => {
  const parsed = parseSyncFilter({});
  assert.ok(parsed.ok);
  const { filter } = parsed;
  assert.equal(filter.eventFormat, 'client');
  assert.equal(filter.eventFields, undefined);
  assert.equal(filter.room.includeLeave, false);
  assert.equal(filter.room.timeline.limit, 10);
  assert.equal(filter.room.state.lazyLoadMembers, false);
  assert.equal(filter.room.state.includeRedundantMembers, false);
  assert.equal(filter.room.timeline.unreadThreadNotifications, false);
});

test('a full filter is read', () => {
  const parsed = parseSyncFilter({
    event_fields: ['content.body', 'content.m\\.x'],
    event_format: 'federation',
    presence: { not_types: ['*'] },
    account_data: { types: ['m.*'], limit: 3 },
    room: {
      rooms: ['!a:b'],
      not_rooms: ['!c:d'],
      include_leave: true,
      timeline: { limit: 50, unread_thread_notifications: true, contains_url: false },
      state: { lazy_load_members: true, include_redundant_members: true },
      ephemeral: { senders: ['@a:b'] },
      account_data: { not_senders: ['@a:b'] },
      'org.example.unknown': 1,
    },
  });
  assert.ok(parsed.ok);
  const { filter } = parsed;
  assert.deepEqual(filter.eventFields, [
    ['content', 'body'],
    ['content', 'm.x'],
  ]);
  assert.equal(filter.eventFormat, 'federation');
  assert.equal(filter.accountData.limit, 3);
  assert.ok(!matchesEvent(filter.presence, { type: 'm.presence', content: {} }));
  assert.ok(matchesRoom(filter.room, '!a:b') && !matchesRoom(filter.room, '!x:b'));
  assert.ok(!matchesRoom(filter.room, '!c:d'));
  assert.ok(filter.room.includeLeave && filter.room.state.lazyLoadMembers);
  assert.ok(filter.room.state.includeRedundantMembers);
  assert.ok(filter.room.timeline.unreadThreadNotifications);
  assert.equal(filter.room.timeline.limit, 50);
  assert.equal(filter.room.timeline.containsUrl, false);
});

test('a limit of 0 asks for none', () => {
  const parsed = parseRoomEventFilter({ limit: 0 });
  assert.ok(parsed.ok);
  assert.equal(parsed.filter.limit, 0);
});

const WRONG: Record<string, unknown> = {
  '': [],
  event_fields: { event_fields: 'content' },
  event_format: { event_format: 'xml' },
  presence: { presence: [] },
  'presence.types': { presence: { types: [1] } },
  'account_data.limit': { account_data: { limit: -1 } },
  room: { room: 'x' },
  'room.rooms': { room: { rooms: ['a:b'] } },
  'room.include_leave': { room: { include_leave: 'yes' } },
  'room.timeline.limit': { room: { timeline: { limit: '10' } } },
  'room.state.senders': { room: { state: { senders: ['alice'] } } },
  'room.ephemeral.not_rooms': { room: { ephemeral: { not_rooms: {} } } },
  'room.account_data.contains_url': { room: { account_data: { contains_url: null } } },
};

for (const [path, json] of Object.entries(WRONG)) {
  test(`refuses a wrong ${path === '' ? 'filter' : path}`, () => {
    const parsed = parseSyncFilter(json);
    assert.ok(!parsed.ok);
    assert.equal(parsed.path, path);
    assert.notEqual(parsed.reason, '');
  });
}

const event = {
  type: 'm.room.message',
  sender: '@alice:example.org',
  room_id: '!room:example.org',
  content: { body: 'x' },
};

const MATCHES: readonly (readonly [filter: JsonObject, passes: boolean])[] = [
  [{}, true],
  [{ types: ['m.room.message'] }, true],
  [{ types: ['m.room.*'] }, true],
  [{ types: ['*.message'] }, true],
  [{ types: ['m.room.?essage'] }, false],
  [{ types: ['m.room'] }, false],
  [{ types: [] }, false],
  [{ not_types: ['m.*'] }, false],
  [{ types: ['m.room.message'], not_types: ['*'] }, false],
  [{ not_types: [] }, true],
  [{ senders: ['@alice:example.org'] }, true],
  [{ senders: ['@bob:example.org'] }, false],
  [{ senders: [] }, false],
  [{ senders: ['@alice:example.org'], not_senders: ['@alice:example.org'] }, false],
  [{ rooms: ['!room:example.org'] }, true],
  [{ rooms: ['!other:example.org'] }, false],
  [{ rooms: [] }, false],
  [{ not_rooms: ['!room:example.org'] }, false],
  [{ contains_url: true }, false],
  [{ contains_url: false }, true],
  [{ 'org.matrix.labels': ['#fun'] }, false],
  [{ 'org.matrix.not_labels': ['#fun'] }, true],
];

for (const [json, passes] of MATCHES) {
  test(`${JSON.stringify(json)} lets a message pass: ${passes}`, () => {
    const parsed = parseRoomEventFilter(json);
    assert.ok(parsed.ok);
    assert.equal(matchesEvent(parsed.filter, event), passes);
    const withUrl = { ...event, content: { url: 'mxc://a/b' } };
    if ('contains_url' in json) assert.equal(matchesEvent(parsed.filter, withUrl), !passes);
  });
}

test('labels are those in the content', () => {
  const labelled = { ...event, content: { 'org.matrix.labels': ['#fun', '#work', 7] } };
  const passes = (filter: JsonObject): boolean => {
    const parsed = parseRoomEventFilter(filter);
    assert.ok(parsed.ok);
    return matchesEvent(parsed.filter, labelled);
  };
  assert.ok(passes({ 'org.matrix.labels': ['#work', '#other'] }));
  assert.ok(!passes({ 'org.matrix.labels': ['#other'] }));
  assert.ok(!passes({ 'org.matrix.labels': [] }));
  assert.ok(!passes({ 'org.matrix.labels': ['#fun'], 'org.matrix.not_labels': ['#work'] }));
  assert.ok(passes({ 'org.matrix.not_labels': ['#other'] }));
  assert.ok(!parseRoomEventFilter({ 'org.matrix.labels': '#fun' }).ok);
});

test('an event without sender or room', () => {
  const parsed = parseRoomEventFilter({ not_senders: ['@a:b'], rooms: [] });
  assert.ok(parsed.ok);
  assert.ok(matchesEvent(parsed.filter, { type: 'm.tag', content: {} }));
  const bySender = parseRoomEventFilter({ senders: ['@a:b'] });
  assert.ok(bySender.ok);
  assert.ok(!matchesEvent(bySender.filter, { type: 'm.tag', content: {} }));
});

test('fields are selected by path', () => {
  const full: JsonObject = JSON.parse(
    '{"type":"t","content":{"body":"x","m.x":{"a":1,"b":2},"__proto__":{"c":3}},"unsigned":{}}',
  );
  const select = (...fields: string[]) =>
    JSON.stringify(selectFields(fields.map(parsePropertyPath), full));
  assert.equal(select('type'), '{"type":"t"}');
  assert.equal(select('content.body', 'absent', 'type.x'), '{"content":{"body":"x"}}');
  assert.equal(select('content.m\\.x.b'), '{"content":{"m.x":{"b":2}}}');
  assert.equal(select('content.m\\.x.b', 'content.m\\.x'), '{"content":{"m.x":{"a":1,"b":2}}}');
  assert.equal(select('content.m\\.x', 'content.m\\.x.b'), '{"content":{"m.x":{"a":1,"b":2}}}');
  assert.equal(select('content.__proto__.c'), '{"content":{"__proto__":{"c":3}}}');
  assert.equal(select(), '{}');
  assert.equal(selectFields(undefined, full), full);
});

test('fields are selected however deep they are', () => {
  const depth = 50_000;
  const deep: JsonObject = JSON.parse('{"a":'.repeat(depth) + '1' + '}'.repeat(depth));
  const path = Array.from({ length: depth }, () => 'a');
  assert.equal(valueAt(selectFields([path], deep), path), 1);
});
